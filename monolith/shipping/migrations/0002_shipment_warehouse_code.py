"""A parcel says by a code from which warehouse it comes: the name that outlives inventory's own ids.

Expand. To be run before the release that writes both (2); the code before it (1), which knows no such column, runs on.
While the foreign key has the name that the code shall have in the end, the code has another, on a column that is
called right from the beginning.
"""

from django.db import migrations, models

from strangler.cutover import AddColumn


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("shipping", "0001_initial")]

    operations = [
        AddColumn(
            "shipment",
            "warehouse_code",
            models.CharField(max_length=20, db_column="warehouse", db_default="", help_text="code"),
        )
    ]
