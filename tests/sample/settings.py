"""A small project around the kit, for tests that start its commands as processes of their own."""

import os

import dj_database_url

SECRET_KEY = "not a secret: nothing is served with these settings"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "strangler.outbox",
    "strangler.relay",
    "strangler.inbox",
    "strangler.contracts",
    "strangler.cutover",
    "strangler.saga",
    "strangler.eventstore",
    "tests.sample",
    *(["tests.bridged"] if "CELERY_BROKER_URL" in os.environ else []),
]
DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"])}
USE_TZ = True
STRANGLER = {
    "SOURCE": "tests",
    "BROKER_URL": os.environ.get("BROKER_URL", ""),
    "EXCHANGE": os.environ.get("EXCHANGE", "events"),
    "RELAY": os.environ.get("RELAY", "polling"),
    "RELAY_BATCH_SIZE": int(os.environ.get("RELAY_BATCH_SIZE", "100")),
    "RELAY_BACKOFF_MAX": 1.0,
    "CONSUMER_PROCESSES": int(os.environ.get("CONSUMER_PROCESSES", "1")),
    "CONSUMER_MAX_ATTEMPTS": 3,
    "CONSUMER_BACKOFF": 0.1,
    "CONSUMER_BACKOFF_MAX": 0.5,
    "MODELS_WITH_EVENTS": ["sample.Effect"],
    "CDC": {
        "DATABASE_URL": os.environ.get("CDC_DATABASE_URL", ""),
        "SLOT": os.environ.get("SLOT", "strangler_outbox"),
        "HEARTBEAT_INTERVAL_MS": 1000,
    },
}
