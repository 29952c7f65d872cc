from decimal import Decimal

from django.db import migrations, models

# Generation 1 is there from the beginning, and answers.
OPEN_THE_FIRST = """
    INSERT INTO reporting_generation (number, opened_at) VALUES (1, now());
    INSERT INTO reporting_serving (id, generation, since) VALUES (1, 1, now());
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Generation",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "reporting_generation",
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="LineFact",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "generation", "number", "sku", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("generation", models.PositiveIntegerField()),
                ("number", models.CharField(help_text="of the order", max_length=40)),
                ("sku", models.CharField(max_length=40, verbose_name="SKU")),
                ("quantity", models.PositiveIntegerField()),
                ("revenue", models.DecimalField(decimal_places=2, max_digits=14)),
            ],
            options={
                "db_table": "reporting_line_fact",
            },
        ),
        migrations.CreateModel(
            name="MovementFact",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "generation", "movement", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("generation", models.PositiveIntegerField()),
                ("movement", models.BigIntegerField()),
                ("sku", models.CharField(max_length=40, verbose_name="SKU")),
                ("month", models.DateField(help_text="its first day, in UTC")),
                ("reason", models.CharField(max_length=20)),
                ("quantity", models.IntegerField()),
            ],
            options={
                "db_table": "reporting_movement_fact",
            },
        ),
        migrations.CreateModel(
            name="CohortMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("generation", models.PositiveIntegerField()),
                ("first", models.DateField()),
                ("month", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("customers", models.IntegerField(default=0)),
                ("orders", models.IntegerField(default=0)),
                ("revenue", models.DecimalField(decimal_places=2, default=Decimal("0.00"), max_digits=16)),
            ],
            options={
                "db_table": "reporting_cohort_month",
                "ordering": ["-generation", "-first", "month"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("generation", "currency", "first", "month"), name="reporting_one_cohort_month"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("generation", models.PositiveIntegerField()),
                ("customer_id", models.BigIntegerField()),
                ("name", models.CharField(default="", max_length=200)),
                ("email", models.CharField(default="", max_length=254)),
                ("told_at", models.DateTimeField(null=True)),
                ("orders", models.IntegerField(default=0)),
                ("lifetime_value", models.DecimalField(decimal_places=2, default=Decimal("0.00"), max_digits=16)),
                ("last_order_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "reporting_customer",
                "ordering": ["-generation", "-lifetime_value", "customer_id"],
                "indexes": [
                    models.Index(fields=["generation", "-lifetime_value", "customer_id"], name="reporting_best_first")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("generation", "customer_id"), name="reporting_one_customer")
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderFact",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "generation", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("generation", models.PositiveIntegerField()),
                ("number", models.CharField(max_length=40)),
                ("customer_id", models.BigIntegerField()),
                ("placed_at", models.DateTimeField(null=True)),
                ("day", models.DateField(help_text="of placed_at, in UTC", null=True)),
                ("currency", models.CharField(default="", max_length=3)),
                ("total", models.DecimalField(decimal_places=2, max_digits=12, null=True)),
                ("cancelled", models.BooleanField(default=False)),
                ("refunded", models.BooleanField(default=False)),
            ],
            options={
                "db_table": "reporting_order_fact",
                "indexes": [
                    models.Index(fields=["generation", "customer_id"], name="reporting_orders_of_customer"),
                    models.Index(
                        fields=["generation", "number"],
                        name="reporting_orders_by_number",
                        opclasses=["int4_ops", "varchar_pattern_ops"],
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("generation", models.PositiveIntegerField()),
                ("sku", models.CharField(max_length=40, verbose_name="SKU")),
                ("name", models.CharField(max_length=200)),
                ("category", models.CharField(max_length=100)),
                ("told_at", models.DateTimeField()),
            ],
            options={
                "db_table": "reporting_product",
                "ordering": ["-generation", "sku"],
                "constraints": [models.UniqueConstraint(fields=("generation", "sku"), name="reporting_one_product")],
            },
        ),
        migrations.CreateModel(
            name="ProductDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("generation", models.PositiveIntegerField()),
                ("day", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("sku", models.CharField(max_length=40, verbose_name="SKU")),
                ("units", models.IntegerField(default=0)),
                ("revenue", models.DecimalField(decimal_places=2, default=Decimal("0.00"), max_digits=16)),
            ],
            options={
                "db_table": "reporting_product_day",
                "ordering": ["-generation", "-day", "sku"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("generation", "currency", "day", "sku"), name="reporting_one_product_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReturnFact",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "generation", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("generation", models.PositiveIntegerField()),
                ("number", models.CharField(max_length=40)),
                ("order_number", models.CharField(max_length=40)),
            ],
            options={
                "db_table": "reporting_return_fact",
                "indexes": [models.Index(fields=["generation", "order_number"], name="reporting_returns_of_order")],
            },
        ),
        migrations.CreateModel(
            name="SalesDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("generation", models.PositiveIntegerField()),
                ("day", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("orders", models.IntegerField(default=0)),
                ("revenue", models.DecimalField(decimal_places=2, default=Decimal("0.00"), max_digits=16)),
            ],
            options={
                "db_table": "reporting_sales_day",
                "ordering": ["-generation", "-day"],
                "constraints": [
                    models.UniqueConstraint(fields=("generation", "day", "currency"), name="reporting_one_sales_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="Serving",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("generation", models.PositiveIntegerField()),
                ("previous", models.PositiveIntegerField(blank=True, null=True)),
                ("since", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name_plural": "serving",
                "db_table": "reporting_serving",
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="reporting_one_serves")],
            },
        ),
        migrations.CreateModel(
            name="StockMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("generation", models.PositiveIntegerField()),
                ("sku", models.CharField(max_length=40, verbose_name="SKU")),
                ("month", models.DateField()),
                ("moved", models.IntegerField(default=0)),
                ("shipped", models.IntegerField(default=0)),
                ("returned", models.IntegerField(default=0)),
            ],
            options={
                "db_table": "reporting_stock_month",
                "ordering": ["-generation", "-month", "sku"],
                "constraints": [
                    models.UniqueConstraint(fields=("generation", "sku", "month"), name="reporting_one_stock_month")
                ],
            },
        ),
        migrations.RunSQL(OPEN_THE_FIRST, migrations.RunSQL.noop),
    ]
