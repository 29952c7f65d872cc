"""A reason may be longer than 200 characters. PostgreSQL rewrites no row for that.

Nobody waits behind it for longer than the timeout: where the table is busy for as long, run it again. Taken back, it
cuts what is longer.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0006_pending")]

    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '2s'", "SET LOCAL lock_timeout = '2s'"),
        migrations.AlterField("order", "cancel_reason", models.TextField(blank=True)),
        migrations.RunSQL("SET LOCAL lock_timeout = DEFAULT", "SET LOCAL lock_timeout = DEFAULT"),
    ]
