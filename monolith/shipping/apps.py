from django.apps import AppConfig


class ShippingConfig(AppConfig):
    name = "monolith.shipping"
    label = "shipping"
