from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """The label is the context's, as it was in the monolith."""

    name = "extracted.inventory"
    label = "inventory"
