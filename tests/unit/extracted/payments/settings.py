"""The service's settings on the test run's own PostgreSQL, or on the one in DATABASE_URL."""

import os

from tests.stack.postgres import database_url

os.environ.setdefault("SECRET_KEY", "not a secret: nothing is served with these settings")
if "DATABASE_URL" not in os.environ:
    os.environ["DATABASE_URL"] = database_url()
os.environ.setdefault("LOG_LEVEL", "WARNING")

from extracted.payments.settings import *  # noqa: F403
from extracted.payments.settings import DATABASES, STRANGLER

DATABASES["default"]["TEST"] = {"NAME": "test_payments_service"}
STRANGLER = {**STRANGLER, "BROKER_URL": "memory://payments", "SERVICE_TOKEN": "a token"}
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
GATEWAY_TIMEOUT = 30
