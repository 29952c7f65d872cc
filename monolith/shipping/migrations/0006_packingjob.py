from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shipping", "0005_drop_shipment_warehouse_id")]

    operations = [
        migrations.CreateModel(
            name="PackingJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order_number", models.CharField(max_length=20, unique=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("done", "Done"), ("dropped", "Dropped")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("opened_at", models.DateTimeField(help_text="when its payment was authorised")),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "open")), fields=["opened_at"], name="shipping_open_jobs"
                    )
                ],
            },
        )
    ]
