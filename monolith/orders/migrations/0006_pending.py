"""Orders that wait for stock and payment, and why one of them came to nothing.

To be run before the release that makes pending orders; the code before it, which knows neither, runs on.
"""

from django.db import migrations, models

from strangler.cutover import AddColumn


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0005_drop_orderline_reservation")]

    operations = [
        AddColumn(
            "order",
            "cancel_code",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text=(
                    "why it could not be placed, as the code of a problem; empty where it was placed, or may yet be"
                ),
                max_length=40,
            ),
        ),
        migrations.AlterField(
            "order",
            "placed_at",
            models.DateTimeField(auto_now_add=True, help_text="when the customer sent it"),
        ),
        migrations.AlterField(
            "order",
            "status",
            models.CharField(
                choices=[
                    ("pending", "Pending"),
                    ("placed", "Placed"),
                    ("partially_shipped", "Partially Shipped"),
                    ("shipped", "Shipped"),
                    ("delivered", "Delivered"),
                    ("completed", "Completed"),
                    ("returned", "Returned"),
                    ("cancelled", "Cancelled"),
                    ("refunded", "Refunded"),
                ],
                default="pending",
                max_length=20,
            ),
        ),
    ]
