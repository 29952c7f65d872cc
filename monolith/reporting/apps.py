from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "monolith.reporting"
    label = "reporting"

    def ready(self) -> None:
        from monolith.reporting import capabilities, signals  # noqa: F401  registers them, connects the receiver
