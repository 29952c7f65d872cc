"""Units on their way go along with the baton of their SKU. To be run before the release that hands them over."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from strangler.cutover import AddColumn


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inventory", "0002_warehouse_revision")]

    operations = [
        AddColumn(
            "transferline",
            "handed_over",
            models.BooleanField(
                default=False,
                db_default=False,
                help_text="its SKU went to the monolith while the units were on their way: they are received there",
            ),
        ),
        AddIndexConcurrently(
            "transfer",
            models.Index(fields=["id"], condition=models.Q(status="dispatched"), name="inventory_on_the_way"),
        ),
    ]
