from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from monolith.settings import env


def databases(*, debug: bool) -> dict[str, Any]:
    """One PostgreSQL, from DATABASE_URL. Another engine is refused: the outbox needs SKIP LOCKED and LISTEN/NOTIFY."""
    url = env.required(
        "DATABASE_URL",
        why="where the shop's PostgreSQL is, e.g. postgresql://shop:secret@127.0.0.1:5432/shop",
        fallback="postgresql://127.0.0.1/shop" if debug else "",
    )
    if not url.startswith(("postgresql://", "postgres://")):
        raise ImproperlyConfigured(f"DATABASE_URL must start with postgresql://, not {url.split(':', 1)[0]}://.")
    return {"default": dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True)}
