"""Changes of a warehouse are numbered. To be run before the release that tells of them; the code before it runs on."""

from django.db import migrations, models

from strangler.cutover import AddColumn


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inventory", "0002_ownership_and_changes")]

    operations = [
        AddColumn(
            "warehouse",
            "revision",
            models.PositiveIntegerField(db_default=1, default=1, editable=False, help_text="one more each change"),
        ),
    ]
