"""Before the release that keeps a copy of levels, and before its pages read it."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inventory", "0003_warehouse_revision")]

    operations = [
        migrations.CreateModel(
            name="KnownStock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sku", models.SlugField(max_length=40, verbose_name="SKU")),
                ("on_hand", models.PositiveIntegerField(default=0)),
                ("reserved", models.PositiveIntegerField(default=0)),
                ("reorder_level", models.PositiveIntegerField(default=5)),
                (
                    "warehouse",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.warehouse"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "known stock",
                "ordering": ["sku", "warehouse"],
                "constraints": [models.UniqueConstraint(fields=("sku", "warehouse"), name="inventory_known_once")],
            },
        ),
        AddIndexConcurrently(
            model_name="change",
            index=models.Index(
                fields=["instead_of", "id"], condition=~models.Q(instead_of=""), name="inventory_claims_of"
            ),
        ),
    ]
