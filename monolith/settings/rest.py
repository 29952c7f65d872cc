"""The API: REST framework, its schema, and how much of it one client may ask for."""

from monolith.settings import base, env

INSTALLED_APPS = [
    *base.INSTALLED_APPS,
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "monolith.idempotency",
    "monolith.throttling",
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": [
        "monolith.throttling.throttles.AnonThrottle",
        "monolith.throttling.throttles.UserThrottle",
        "monolith.throttling.throttles.ScopedThrottle",
    ],
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "monolith.api.ordering.Ordering",
    ],
    "DEFAULT_PAGINATION_CLASS": "monolith.api.pagination.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "monolith.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "monolith.api.answer_to_error",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    # How many proxies stand before the shop: with none, a client's own X-Forwarded-For must not choose its throttle.
    "NUM_PROXIES": env.number("NUM_PROXIES", 0),
}

# High enough that no person meets them. `off` lifts one.
THROTTLE_RATES = {
    "anon": env.rate("THROTTLE_ANON", "600/min"),
    "user": env.rate("THROTTLE_USER", "3000/min"),
    "login": env.rate("THROTTLE_LOGIN", "30/min"),
    "register": env.rate("THROTTLE_REGISTER", "60/min"),
    "checkout": env.rate("THROTTLE_CHECKOUT", "600/min"),
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Shop",
    "DESCRIPTION": "The shop's API. Refusals are problem details (RFC 9457); `/api/problems/` explains each code.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    # Enumerations stay where they are used: names for them would be invented, and change when contexts change.
    "POSTPROCESSING_HOOKS": [],
}
