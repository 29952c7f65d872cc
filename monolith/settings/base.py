"""Everything but security. Times are UTC, money is Decimal, and no broker is needed until a stage says so."""

from pathlib import Path

from monolith.settings import env, logs
from monolith.settings.clock import BY_THE_CLOCK
from monolith.settings.database import databases

BASE_DIR = Path(__file__).resolve().parents[2]
DEBUG = env.flag("DEBUG")

INSTALLED_APPS = [
    "monolith.backoffice",
    "monolith.backoffice.apps.ShopAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "strangler.outbox",
    "strangler.inbox",
    "strangler.contracts",
    "strangler.relay",
    "strangler.cutover",
    "strangler.saga",
    "monolith",
    "monolith.catalog",
    "monolith.customers",
    "monolith.inventory",
    "monolith.payments",
    "monolith.orders",
    "monolith.shipping",
    "monolith.notifications",
    "monolith.reporting",
    "monolith.storefront",
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

ROOT_URLCONF = "monolith.urls"
WSGI_APPLICATION = "monolith.wsgi.application"
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

DATABASES = databases(debug=DEBUG)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = env.text("STATIC_ROOT") or None
# Without a collected copy whitenoise serves the files where the packages keep them, so a first run needs no extra step.
WHITENOISE_USE_FINDERS = STATIC_ROOT is None

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "monolith.api.Pages",
    "EXCEPTION_HANDLER": "monolith.api.answer_to_error",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

EMAIL_FILE_PATH = env.text("EMAIL_FILE_PATH") or None
EMAIL_BACKEND = env.text("EMAIL_BACKEND") or (
    "django.core.mail.backends.filebased.EmailBackend"
    if EMAIL_FILE_PATH
    else f"django.core.mail.backends.{'console' if DEBUG else 'smtp'}.EmailBackend"
)
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 10  # seconds; mail is sent in the request, so a hanging server must not hold it for ever
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "shop@example.com")
SHOP_EMAIL = env.text("SHOP_EMAIL", DEFAULT_FROM_EMAIL)  # where the shop writes to its own people

# Without a broker a task runs in the process that sends it, right after the commit.
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL")
CELERY_TASK_ALWAYS_EAGER = not CELERY_BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_BEAT_SCHEDULE = {
    command: {"task": "monolith.tasks.run", "args": [command], "schedule": schedule}
    for command, schedule in BY_THE_CLOCK.items()
}
# PGMQ from the `pgmq` package is plain SQL, not an extension to create.
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "init_extension": False,
        "use_notify": True,
        "conn_string": CELERY_BROKER_URL.replace("pgmq://", "postgresql://", 1),
    }
    if CELERY_BROKER_URL.startswith("pgmq://")
    else {"confirm_publish": True}  # RabbitMQ: a task counts as sent once the broker has it
)

# The card gateway; without it one in this process, which takes no money. On one machine: `python -m devstack.gateway`.
GATEWAY_URL = env.text("GATEWAY_URL")
GATEWAY_TOKEN = env.text("GATEWAY_TOKEN")
GATEWAY_TIMEOUT = env.number("GATEWAY_TIMEOUT", 10)  # seconds for connecting, and for each wait for an answer
# So long an order waits for its payment, where the payments service makes it and the gateway does not answer.
PAYMENT_PATIENCE = env.number("PAYMENT_PATIENCE", 3600)  # seconds

STRANGLER = {
    "SOURCE": "shop",
    "BROKER_URL": env.text("BROKER_URL"),
    "RELAY": env.text("RELAY", "polling"),
    "CDC": {
        "DATABASE_URL": env.text("CDC_DATABASE_URL"),
        "CONNECT_URL": env.text("CONNECT_URL", "http://localhost:8083"),
    },
    "CONTRACTS_DIR": str(BASE_DIR / "contracts"),
    # Published for whoever comes next; a broker that has no queue for any other event refuses it instead of losing it.
    "EVENTS_WITHOUT_CONSUMERS": (
        *("catalog.*", "customers.*"),
        # All of inventory but what hands stock over, and what asks for a change of it or answers: that has to arrive.
        *("inventory.stock_reserved", "inventory.stock_released", "inventory.stock_shipped"),
        *("inventory.stock_returned", "inventory.stock_adjusted", "inventory.stock_dispatched"),
        *("inventory.stock_received", "inventory.stock_told", "inventory.warehouse_changed"),
        "inventory.stock_change_redirected",
        *("orders.order_requested", "orders.order_shipped", "orders.order_delivered"),
        *("orders.order_returned", "orders.order_refunded"),
        *("payments.payment_authorised", "payments.payment_voided", "payments.payment_told"),
        *("shipping.shipment_packed", "shipping.shipment_delivered", "shipping.shipment_lost"),
        *("shipping.return_requested", "shipping.return_rejected"),
    ),
    "STAGES": {},
    "STAGE_SOURCE": env.text("STAGES_FROM", "settings"),
    "STAGE_MAX_AGE": env.number("STAGES_MAX_AGE", 5),  # seconds
    "GATES": {"MIN_SHADOW_COMPARISONS": env.number("MIN_SHADOW_COMPARISONS", 1_000)},
    # Every change of an order's row takes an event about its number: docs/silent-writes.md says who looks after that.
    "MODELS_WITH_EVENTS": {"orders.Order": {"AGGREGATE": "orders.order", "KEY": "number"}},
    # What is left of foreign keys into inventory: `manage.py foreign_keys inventory --dangling` counts what dangles.
    "SOFT_REFERENCES": {
        "orders.OrderLine.warehouse": "inventory.Warehouse.code",
        "shipping.Shipment.warehouse": "inventory.Warehouse.code",
    },
    "SERVICES": {
        "inventory": {
            "URL": env.text("INVENTORY_URL"),  # http://inventory:8000/strangler/
            "TOKEN": env.text("INVENTORY_TOKEN"),
            "GROUPS": ("inventory",),
            "BACKFILLS": ("inventory.warehouses", "inventory.stock", "inventory.movements"),
        },
        # The same service: pages move to it by a stage of their own.
        "inventory_reads": {
            "URL": env.text("INVENTORY_URL"),
            "TOKEN": env.text("INVENTORY_TOKEN"),
            "GROUPS": ("inventory",),
        },
        "payments": {
            "URL": env.text("PAYMENTS_URL"),  # http://payments:8000/strangler/
            "TOKEN": env.text("PAYMENTS_TOKEN"),
            "GROUPS": ("payments",),
            "BACKFILLS": ("payments.payments",),
        },
        "reporting": {
            "URL": env.text("REPORTING_URL"),  # http://reporting:8000/strangler/
            "TOKEN": env.text("REPORTING_TOKEN"),
            "GROUPS": env.names("REPORTING_GROUPS", "reporting"),  # that of the generation that answers
            "BACKFILLS": (
                *("catalog.products", "customers.customers", "inventory.movements"),
                *("orders.orders", "shipping.returns"),
            ),
        },
    },
}

LOGGING = logs.configure(debug=DEBUG, level=env.text("LOG_LEVEL", "INFO").upper())
