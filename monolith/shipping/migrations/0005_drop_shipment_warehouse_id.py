"""Contract. To be run when no release 3 runs any more: only code that does not know the column (4).

The code has the name now that its column has had all the time: nothing else changes in the database.
"""

from django.db import migrations, models

from strangler.cutover import DropColumn


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("shipping", "0004_sever_shipment_warehouse")]

    operations = [
        DropColumn("shipment", "warehouse_id"),
        migrations.RenameField("shipment", "warehouse_code", "warehouse"),
        migrations.AlterField(
            "shipment", "warehouse", models.CharField(max_length=20, db_default="", help_text="code")
        ),
    ]
