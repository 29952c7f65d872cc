import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import extracted.inventory.models.transfers

# Smaller numbers are those of copies: extracted.inventory.models.stock.OWN_MOVEMENTS_FROM.
NUMBER_OWN_MOVEMENTS = """
    ALTER TABLE inventory_stockmovement ALTER COLUMN id SET START WITH 1000000000000 RESTART;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Warehouse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=100)),
                ("country", models.CharField(default="DE", help_text="ISO 3166-1, two letters", max_length=2)),
                ("priority", models.PositiveIntegerField(default=10)),
                ("active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["priority", "code"],
            },
        ),
        migrations.CreateModel(
            name="Ownership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sku", models.SlugField(max_length=40, unique=True, verbose_name="SKU")),
                (
                    "owner",
                    models.CharField(
                        choices=[("monolith", "Monolith"), ("service", "Service")], default="monolith", max_length=8
                    ),
                ),
                ("epoch", models.PositiveIntegerField(default=0)),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name_plural": "ownership",
                "ordering": ["sku"],
                "indexes": [
                    models.Index(condition=models.Q(("owner", "service")), fields=["sku"], name="inventory_owned_here")
                ],
            },
        ),
        migrations.CreateModel(
            name="ShadowOutcome",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sku", models.CharField(max_length=40, verbose_name="SKU")),
                ("reference", models.CharField(max_length=40)),
                ("quantity", models.PositiveIntegerField()),
                (
                    "theirs",
                    models.CharField(help_text="the warehouse it chose", max_length=20, verbose_name="monolith"),
                ),
                (
                    "ours",
                    models.CharField(
                        blank=True, help_text="empty: no warehouse has so many", max_length=20, verbose_name="here"
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "alike"),
                            ("another", "another warehouse here"),
                            ("short", "nothing that fits here"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("compared_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("cause", ""), _negated=True), fields=["-id"], name="inventory_mismatches"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StockChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("change", models.UUIDField(unique=True)),
                ("kind", models.CharField(max_length=10)),
                ("reference", models.CharField(max_length=40)),
                (
                    "skus",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
                ("lines", models.JSONField(help_text="as they were asked; once answered, as they were answered")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("done", "Done"),
                            ("rejected", "Rejected"),
                            ("redirected", "Redirected"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.TextField(blank=True, help_text="why it was rejected")),
                ("message", models.TextField(blank=True, editable=False)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["reference"], name="inventory_changes_of"),
                    models.Index(condition=models.Q(("status", "waiting")), fields=["id"], name="inventory_waiting"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "number",
                    models.CharField(
                        default=extracted.inventory.models.transfers.new_transfer_number, max_length=20, unique=True
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("dispatched", "Dispatched"),
                            ("received", "Received"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="planned",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("dispatched_at", models.DateTimeField(blank=True, null=True)),
                ("received_at", models.DateTimeField(blank=True, null=True)),
                (
                    "destination",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="incoming", to="inventory.warehouse"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="outgoing", to="inventory.warehouse"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="StockItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sku", models.SlugField(max_length=40, verbose_name="SKU")),
                ("on_hand", models.PositiveIntegerField(default=0)),
                ("reserved", models.PositiveIntegerField(default=0)),
                (
                    "reorder_level",
                    models.PositiveIntegerField(default=5, help_text="at or below this many available units: reorder"),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "warehouse",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="stock", to="inventory.warehouse"
                    ),
                ),
            ],
            options={
                "ordering": ["sku", "warehouse"],
            },
        ),
        migrations.CreateModel(
            name="Reservation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reference",
                    models.CharField(help_text="order number, or cart:<id> during a checkout", max_length=40),
                ),
                ("quantity", models.PositiveIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("fulfilled", "Fulfilled"),
                            ("released", "Released"),
                            ("expired", "Expired"),
                        ],
                        default="active",
                        max_length=10,
                    ),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reservations",
                        to="inventory.stockitem",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["reference"], name="inventory_by_reference"),
                    models.Index(
                        condition=models.Q(("status", "active")), fields=["item", "id"], name="inventory_active_on_item"
                    ),
                    models.Index(
                        condition=models.Q(("expires_at__isnull", False), ("status", "active")),
                        fields=["expires_at"],
                        name="inventory_expiring",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 1)), name="inventory_reserves_something"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StockMovement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("quantity", models.IntegerField(help_text="negative when stock leaves")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("shipped", "Shipped"),
                            ("returned", "Returned"),
                            ("adjusted", "Adjusted"),
                            ("transferred", "Transferred"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "reference",
                    models.CharField(help_text="order or transfer number, or what the person wrote", max_length=200),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="movements", to="inventory.stockitem"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["item", "-id"], name="inventory_moves_of_item")],
            },
        ),
        migrations.CreateModel(
            name="TransferLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sku", models.SlugField(max_length=40, verbose_name="SKU")),
                ("quantity", models.PositiveIntegerField()),
                (
                    "transfer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="inventory.transfer"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("transfer", "sku"), name="inventory_one_line_per_sku"),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 1)), name="inventory_transfers_something"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(("source", models.F("destination")), _negated=True),
                name="inventory_transfer_goes_elsewhere",
            ),
        ),
        migrations.AddConstraint(
            model_name="stockitem",
            constraint=models.UniqueConstraint(fields=("sku", "warehouse"), name="inventory_one_item_per_warehouse"),
        ),
        migrations.AddConstraint(
            model_name="stockitem",
            constraint=models.CheckConstraint(condition=models.Q(("on_hand__gte", 0)), name="inventory_never_negative"),
        ),
        migrations.AddConstraint(
            model_name="stockitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("reserved__gte", 0)), name="inventory_reserved_never_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="stockitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("reserved__lte", models.F("on_hand"))), name="inventory_no_oversell"
            ),
        ),
        migrations.RunSQL(NUMBER_OWN_MOVEMENTS, migrations.RunSQL.noop),
    ]
