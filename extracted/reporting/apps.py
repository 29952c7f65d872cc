from django.apps import AppConfig


class ReportingConfig(AppConfig):
    """The label is the context's, as it was in the monolith."""

    name = "extracted.reporting"
    label = "reporting"
