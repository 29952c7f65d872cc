from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """The label is the context's, as it was in the monolith."""

    name = "extracted.payments"
    label = "payments"
