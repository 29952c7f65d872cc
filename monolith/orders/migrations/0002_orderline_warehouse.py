"""A line says by a code in which warehouse it is reserved: the name that outlives inventory's own ids.

Expand. To be run before the release that writes both (2); the code before it (1), which knows no such column, runs on.
"""

from django.db import migrations, models

from strangler.cutover import AddColumn


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0001_initial")]

    operations = [
        AddColumn(
            "orderline",
            "warehouse",
            models.CharField(
                max_length=20,
                blank=True,
                default="",
                db_default="",
                help_text="code; empty while none has reserved the goods",
            ),
        )
    ]
