import django.db.models.functions.datetime
from django.db import migrations, models

STAGES = ["monolith", "emitting", "shadow", "canary", "extracted", "retired"]
CHOICES = [(stage, stage) for stage in STAGES]


class Migration(migrations.Migration):
    dependencies = [("strangler_cutover", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="StageChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("context", models.CharField(max_length=127)),
                ("from_stage", models.CharField(choices=CHOICES, max_length=9)),
                (
                    "from_percent",
                    models.PositiveSmallIntegerField(default=0, help_text="Of keys; for canary only."),
                ),
                ("to_stage", models.CharField(choices=CHOICES, max_length=9)),
                ("to_percent", models.PositiveSmallIntegerField(default=0, help_text="Of keys; for canary only.")),
                (
                    "source",
                    models.CharField(
                        choices=[("settings", "Settings"), ("database", "Database")],
                        help_text="STAGE_SOURCE at that time.",
                        max_length=8,
                    ),
                ),
                ("decided_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("decided_by", models.CharField(max_length=255)),
                ("reason", models.TextField(blank=True, default="")),
                ("forced", models.BooleanField(default=False, help_text="Although a gate failed.")),
                ("gates", models.JSONField(default=list, help_text="What each gate found.")),
            ],
            options={
                "db_table": "strangler_stage_change",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        models.F("context"),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("source", "database")),
                        name="stage_override",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("from_stage__in", STAGES), ("to_stage__in", STAGES)),
                        name="stage_change_stages",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("from_percent__lte", 100), ("to_percent__lte", 100)),
                        name="stage_change_percents",
                    ),
                ],
            },
        ),
    ]
