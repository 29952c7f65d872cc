"""The lines that were there before.

Backfill. To be run when no release 1 runs any more; those that write both (2, 3) run on. Release 3, which reads the
code, comes after it.
"""

from django.db import migrations

from strangler.cutover import FillColumn


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0002_orderline_warehouse"), ("inventory", "0001_initial")]

    operations = [FillColumn("orderline", "warehouse", "reservation__item__warehouse__code")]
