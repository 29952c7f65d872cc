"""`AUDITOR_READS` is which version of OrderPlaced this deployment knows: 1, or 2 and how to read 1."""

import os

import dj_database_url

SECRET_KEY = os.environ["SECRET_KEY"]
INSTALLED_APPS = ["django.contrib.contenttypes", "strangler.inbox", "devstack.chaos.auditor"]
DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=60, conn_health_checks=True)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
STRANGLER = {"SOURCE": "auditor", "BROKER_URL": os.environ.get("BROKER_URL", "")}
AUDITOR_READS = int(os.environ.get("AUDITOR_READS", "1"))
SILENCED_SYSTEM_CHECKS = ["strangler.W201"]  # version 2 of OrderPlaced is read here before anybody publishes it
