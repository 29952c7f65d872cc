from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("strangler_cutover", "0003_backfillrun")]

    operations = [
        migrations.CreateModel(
            name="ParityReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("context", models.CharField(max_length=127)),
                ("name", models.CharField(max_length=255)),
                ("compared", models.PositiveBigIntegerField(help_text="Rows of the monolith.")),
                (
                    "mismatches",
                    models.PositiveBigIntegerField(help_text="Rows that differ, missing and extra ones too."),
                ),
                (
                    "missing",
                    models.PositiveBigIntegerField(help_text="Of the mismatches: rows that the service lacks."),
                ),
                (
                    "extra",
                    models.PositiveBigIntegerField(help_text="Of the mismatches: rows that only the service has."),
                ),
                (
                    "in_flight",
                    models.PositiveBigIntegerField(
                        help_text="Rows that still changed when last looked at; no mismatches."
                    ),
                ),
                (
                    "complete",
                    models.BooleanField(help_text="No: there were more differences than were looked for."),
                ),
                (
                    "clean_runs",
                    models.PositiveIntegerField(help_text="Complete runs without a mismatch, in a row up to this one."),
                ),
                (
                    "clean_since",
                    models.DateTimeField(help_text="When the first of these runs ended.", null=True),
                ),
                (
                    "examples",
                    models.JSONField(default=list, help_text="Keys, columns that differ, and what both sides say."),
                ),
                ("requests", models.PositiveIntegerField()),
                ("bytes", models.PositiveBigIntegerField(help_text="Bodies of requests and answers.")),
                ("seconds", models.FloatField()),
                ("checked_at", models.DateTimeField()),
            ],
            options={
                "db_table": "strangler_parity_report",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["context", "name", "-id"], name="parity_latest")],
            },
        ),
    ]
