"""Contract. To be run when no release 3 runs any more: only code that does not know the column (4)."""

from django.db import migrations

from strangler.cutover import DropColumn


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0004_sever_orderline_reservation")]

    operations = [DropColumn("orderline", "reservation_id")]
