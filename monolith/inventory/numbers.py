"""Migrations name this function, so it stays as long as they do."""

import secrets


def new_transfer_number() -> str:
    return f"T-{secrets.token_hex(4).upper()}"
