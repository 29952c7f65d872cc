from django.apps import AppConfig


class ServiceConfig(AppConfig):
    """The service under a label of its own: the monolith beside it has an app with its own one."""

    name = "extracted.reporting"
    label = "reporting_service"
    default = False
