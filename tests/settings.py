"""The shop and the sample project together, on an embedded PostgreSQL of this test run's own.

`DATABASE_URL` in the environment points the same tests at another server.
"""

from __future__ import annotations

import os

from tests.stack.postgres import database_of_this_process

os.environ.setdefault("SECRET_KEY", "not a secret: nothing is served with these settings")
os.environ.update(database_of_this_process())
os.environ.setdefault("LOG_LEVEL", "WARNING")

from monolith.settings import *  # noqa: F403
from monolith.settings import DATABASES, INSTALLED_APPS, STRANGLER, THROTTLE_RATES

INSTALLED_APPS = [*INSTALLED_APPS, "strangler.eventstore", "tests.sample"]
STRANGLER = {**STRANGLER, "BROKER_URL": "memory://tests"}
DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
    "-c statement_timeout=120s"  # pytest gives up, a server wouldn't
)
THROTTLE_RATES = dict.fromkeys(THROTTLE_RATES)  # none: a test that wants one sets it
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
SECURE_SSL_REDIRECT = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
