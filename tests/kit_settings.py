"""The kit by itself in a Django project, as a user installs it: what mypy reads and what the wheel is tried with."""

from __future__ import annotations

SECRET_KEY = "not a secret: nothing is served with these settings"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "strangler.outbox",
    "strangler.relay",
    "strangler.inbox",
    "strangler.contracts",
    "strangler.cutover",
    "strangler.saga",
    "strangler.eventstore",
]
MIDDLEWARE = [
    "strangler.outbox.middleware.CorrelationIdMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "kit"}}
ROOT_URLCONF = "tests.kit_settings"
urlpatterns: list[object] = []
USE_TZ = True
STRANGLER: dict[str, object] = {}
