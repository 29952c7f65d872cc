import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ShadowTally",
            fields=[
                ("capability", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("comparisons", models.PositiveBigIntegerField()),
                ("mismatches", models.PositiveBigIntegerField()),
                (
                    "unsettled",
                    models.PositiveBigIntegerField(
                        help_text="Differed, but the monolith's answer was changing itself."
                    ),
                ),
                ("dropped", models.PositiveBigIntegerField(help_text="Calls that found the queue full.")),
                ("clean_run", models.PositiveBigIntegerField(help_text="Comparisons since the last mismatch.")),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "shadow tally",
                "verbose_name_plural": "shadow tallies",
                "db_table": "strangler_shadow_tally",
                "ordering": ["capability"],
            },
        ),
        migrations.CreateModel(
            name="ShadowCause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capability", models.CharField(max_length=255)),
                ("cause", models.TextField()),
                ("count", models.PositiveBigIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "db_table": "strangler_shadow_cause",
                "ordering": ["-count", "id"],
                "constraints": [models.UniqueConstraint(fields=("capability", "cause"), name="shadow_cause_once")],
            },
        ),
        migrations.CreateModel(
            name="ShadowMismatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("arguments", models.TextField()),
                ("monolith", models.TextField(help_text="JSON.")),
                ("service", models.TextField(help_text="JSON.")),
                ("seen_at", models.DateTimeField()),
                (
                    "cause",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="examples",
                        to="strangler_cutover.shadowcause",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "shadow mismatches",
                "db_table": "strangler_shadow_mismatch",
                "ordering": ["-id"],
            },
        ),
    ]
