"""Copies of warehouses know of which change they are. To be run before the release that hears of changes."""

from django.db import migrations, models

from strangler.cutover import AddColumn


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inventory", "0001_initial")]

    operations = [
        AddColumn(
            "warehouse",
            "revision",
            models.PositiveIntegerField(
                db_default=0, default=0, help_text="of the change that was told last; 0 while only the code is known"
            ),
        ),
    ]
