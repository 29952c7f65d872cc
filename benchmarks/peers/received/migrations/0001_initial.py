from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.CreateModel(
            name="Received",
            fields=[("id", models.UUIDField(primary_key=True, serialize=False))],
            options={"db_table": "peer_received"},
        )
    ]
