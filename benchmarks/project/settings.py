"""The kit as it comes: no setting that makes it faster than it is for somebody who has just installed it."""

import os

import dj_database_url

SECRET_KEY = "not a secret: nothing is served with these settings"  # noqa: S105
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "strangler.outbox",
    "strangler.relay",
    "strangler.inbox",
    "strangler.cutover",
    "strangler.eventstore",
    "benchmarks.project",
]
DATABASES = {"default": {**dj_database_url.parse(os.environ["DATABASE_URL"]), "CONN_MAX_AGE": None}}
USE_TZ = True
STRANGLER = {
    "SOURCE": "bench",
    "BROKER_URL": os.environ.get("BROKER_URL", ""),
    "EXCHANGE": os.environ.get("EXCHANGE", "bench"),
    "RELAY": os.environ.get("RELAY", "polling"),
    "CDC": {"DATABASE_URL": os.environ.get("CDC_DATABASE_URL", "")},
}
