"""A service taken out of the sample project: no outbox and no relay, the least that a service has."""

import os

import dj_database_url

SECRET_KEY = "not a secret: nothing is served with these settings"
INSTALLED_APPS = ["strangler.inbox", "strangler.cutover", "tests.copied"]
DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=60)}
ROOT_URLCONF = "tests.copied.urls"
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
TIME_ZONE = "Asia/Kathmandu"
STRANGLER = {"SOURCE": "tests", "SERVICE_TOKEN": os.environ["SERVICE_TOKEN"]}
