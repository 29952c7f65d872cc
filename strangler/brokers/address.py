"""Where a broker is, in words that may be logged: without user and password."""

from __future__ import annotations

from urllib.parse import urlsplit

from strangler.errors import ConfigurationError


def public_address(url: str) -> str:
    """`host:port/path`. Raises `ConfigurationError` when a part of the password may have strayed out of its place."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise _malformed() from None
    if parts.fragment or "@" in parts.path + parts.query:
        raise _malformed()
    return f"{parts.hostname or 'localhost'}{port}{parts.path}"


def _malformed() -> ConfigurationError:
    return ConfigurationError(
        'STRANGLER["BROKER_URL"] is not a URL of the form scheme://user:password@host:port/name: percent-encode '
        "special characters in user and password (for example / as %2F, # as %23, @ as %40)"
    )
