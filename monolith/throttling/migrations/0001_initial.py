from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Meter",
            fields=[
                ("key", models.CharField(max_length=200, primary_key=True, serialize=False)),
                (
                    "busy_until",
                    models.DateTimeField(
                        help_text="when it would be done, were its requests served evenly at its rate"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE throttling_meter SET UNLOGGED", reverse_sql="ALTER TABLE throttling_meter SET LOGGED"
        ),
    ]
