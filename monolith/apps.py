from django.apps import AppConfig


class ShopConfig(AppConfig):
    """The shop as a whole: only what spans every context (the `seed` command). Owns no tables and no events."""

    name = "monolith"
    label = "shop"
