from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """The label is the context's, as it was in the monolith: tables keep their names wherever the context lives."""

    name = "extracted.notifications"
    label = "notifications"
