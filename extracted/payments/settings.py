"""The service's settings: its own database, the broker it shares with the shop, and nothing else of the shop's.

The environment variables are called what they are called in the shop. Each service has its own DATABASE_URL and
SECRET_KEY; BROKER_URL is the same on both sides. SERVICE_TOKEN is what the shop has as PAYMENTS_TOKEN.
"""

from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from extracted.payments import env, logs

DEBUG = env.flag("DEBUG")

SECRET_KEY = env.required(
    "SECRET_KEY",
    why="any long random text, the same for every process of this service (or DEBUG=1 on your own machine)",
    fallback="insecure-key-for-debug-only" if DEBUG else "",
)
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")

# HTTPS=0 is for plain http://127.0.0.1 without DEBUG, where a browser would not send secure cookies back.
HTTPS = env.flag("HTTPS", default=not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 3600 if HTTPS else 0
X_FRAME_OPTIONS = "DENY"
# Cookies know hosts, not ports: under one name, a log-in here would end the session in the shop on the same machine.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "payments_sessionid", "payments_csrftoken"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "strangler.outbox",
    "strangler.relay",
    "strangler.inbox",
    "strangler.contracts",
    "strangler.cutover",
    "strangler.eventstore",
    "extracted.payments",
]

MIDDLEWARE = [
    "strangler.outbox.middleware.CorrelationIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "extracted.payments.urls"
WSGI_APPLICATION = "extracted.payments.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

_DATABASE_URL = env.required(
    "DATABASE_URL",
    why="this service's own PostgreSQL, not the shop's, e.g. postgresql://payments:secret@127.0.0.1:5432/payments",
    fallback="postgresql://127.0.0.1/payments" if DEBUG else "",
)
if not _DATABASE_URL.startswith(("postgresql://", "postgres://")):
    raise ImproperlyConfigured(f"DATABASE_URL must start with postgresql://, not {_DATABASE_URL.split(':', 1)[0]}://.")
DATABASES = {"default": dj_database_url.parse(_DATABASE_URL, conn_max_age=60, conn_health_checks=True)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = env.text("STATIC_ROOT") or None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

STRANGLER = {
    "SOURCE": "payments",
    "BROKER_URL": env.text("BROKER_URL"),
    "SERVICE_TOKEN": env.text("SERVICE_TOKEN"),
    "CONTRACTS_DIR": str(Path(__file__).resolve().parents[2] / "contracts"),
    "EVENTS_WITHOUT_CONSUMERS": ("payments.payment_flagged",),  # for whoever wants to be told
    # No STAGES: who owns a payment is a row in the database, and moves by events.
}

# The card gateway. For the shop on one machine: `python -m devstack.gateway`, which takes no money.
GATEWAY_URL = env.text("GATEWAY_URL")
GATEWAY_TOKEN = env.text("GATEWAY_TOKEN")
GATEWAY_TIMEOUT = env.number("GATEWAY_TIMEOUT", 5)  # seconds for connecting, and for each wait for an answer
# A request that says no `answer_by` is refused after so long without an answer of the gateway.
GATEWAY_PATIENCE_HOURS = env.number("GATEWAY_PATIENCE_HOURS", 24)

# More payments of a customer within the window, or more money in one currency, are pointed out.
FRAUD_WINDOW_SECONDS = env.number("FRAUD_WINDOW_SECONDS", 3600)
FRAUD_MOST_PAYMENTS = env.number("FRAUD_MOST_PAYMENTS", 5)
FRAUD_MOST_AMOUNT = env.number("FRAUD_MOST_AMOUNT", 2000)
FRAUD_LATENESS_SECONDS = env.number("FRAUD_LATENESS_SECONDS", 86400)

LOGGING = logs.configure(debug=DEBUG, level=env.text("LOG_LEVEL", "INFO").upper())
