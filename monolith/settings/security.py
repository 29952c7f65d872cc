from monolith.settings import env

_DEBUG = env.flag("DEBUG")

SECRET_KEY = env.required(
    "SECRET_KEY",
    why="any long random text, the same for every process of the shop (or DEBUG=1 on your own machine)",
    fallback="insecure-key-for-debug-only" if _DEBUG else "",
)
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")

# HTTPS=0 is for a shop without DEBUG on plain http://127.0.0.1, where a browser would not send secure cookies back.
HTTPS = env.flag("HTTPS", default=not _DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 3600 if HTTPS else 0
X_FRAME_OPTIONS = "DENY"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
