from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("strangler_cutover", "0002_stage_change")]

    operations = [
        migrations.CreateModel(
            name="BackfillRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("group", models.CharField(db_column="consumer_group", max_length=255)),
                ("name", models.CharField(max_length=127)),
                ("version", models.PositiveIntegerField()),
                (
                    "position",
                    models.TextField(help_text="Primary key of the last row told; empty before the first.", null=True),
                ),
                (
                    "last",
                    models.TextField(help_text="Primary key at which it ends: the largest when it began.", null=True),
                ),
                ("done", models.PositiveBigIntegerField(help_text="Rows told.")),
                ("expected", models.PositiveBigIntegerField(help_text="Rows there were to tell when it began.")),
                ("started_at", models.DateTimeField()),
                ("moved_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "strangler_backfill_run",
                "ordering": ["group", "name"],
                "constraints": [models.UniqueConstraint(fields=("group", "name"), name="backfill_run_once")],
            },
        ),
    ]
