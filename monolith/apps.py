from django.apps import AppConfig
from django.db.models.signals import post_migrate

from monolith import roles


class ShopConfig(AppConfig):
    """The shop as a whole: only what spans every context (`seed`, the roles). Owns no tables and no events."""

    name = "monolith"
    label = "shop"

    def ready(self) -> None:
        post_migrate.connect(roles.grant)
