from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    """The shop's own pages. Not a context: it owns no tables and no events, and calls services like any client."""

    name = "monolith.storefront"
    label = "storefront"
