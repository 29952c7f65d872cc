from django.apps import AppConfig


class ThrottlingConfig(AppConfig):
    name = "monolith.throttling"
    label = "throttling"
