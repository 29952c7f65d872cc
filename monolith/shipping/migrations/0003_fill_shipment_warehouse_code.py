"""The parcels that were there before.

Backfill. To be run when no release 1 runs any more; those that write both (2, 3) run on. Release 3, which reads the
code, comes after it.
"""

from django.db import migrations

from strangler.cutover import FillColumn


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("shipping", "0002_shipment_warehouse_code"), ("inventory", "0001_initial")]

    operations = [FillColumn("shipment", "warehouse_code", "warehouse__code")]
