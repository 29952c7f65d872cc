from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    """Requests that may be sent twice and are done once."""

    name = "monolith.idempotency"
    label = "idempotency"
    verbose_name = "Idempotency"
