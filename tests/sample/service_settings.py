"""A service taken out of the sample project: no outbox, no relay, what a service has at least."""

import os

import dj_database_url

SECRET_KEY = "not a secret: nothing is served with these settings"
INSTALLED_APPS = ["strangler.inbox", "strangler.cutover", "tests.sample"]
DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=60)}
ROOT_URLCONF = "tests.sample.service_urls"
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
TIME_ZONE = "Asia/Kathmandu"
STRANGLER = {"SOURCE": "tests", "SERVICE_TOKEN": os.environ["SERVICE_TOKEN"]}
