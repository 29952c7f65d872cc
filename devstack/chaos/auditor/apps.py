from django.apps import AppConfig


class AuditorConfig(AppConfig):
    name = "devstack.chaos.auditor"
