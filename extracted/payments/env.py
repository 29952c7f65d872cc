"""Reads the environment; a missing or mistyped variable is an error that names it."""

import os

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def required(name: str, *, why: str, fallback: str = "") -> str:
    """The variable's value, or `fallback` where one is safe. Raises ImproperlyConfigured naming the variable."""
    value = os.environ.get(name) or fallback
    if not value:
        raise ImproperlyConfigured(f"Set the environment variable {name}: {why}.")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    raw = os.environ.get(name)
    if raw is None:
        return default
    if raw.lower() in TRUE | FALSE:
        return raw.lower() in TRUE
    raise ImproperlyConfigured(f"{name}={raw!r} is neither true nor false; use {name}=1 or {name}=0.")


def number(name: str, default: int) -> int:
    raw = os.environ.get(name, str(default))
    if not raw.isdigit():
        raise ImproperlyConfigured(f"{name}={raw!r} is not a whole number; the default is {default}.")
    return int(raw)


def names(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]
