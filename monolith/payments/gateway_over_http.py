"""The gateway at GATEWAY_URL, asked once, while the shop's transaction waits.

Where no answer comes nobody knows whether money has moved: the transaction rolls back, and forgets that it asked. That
is what the payments service is better at.
"""

from decimal import Decimal
from functools import cache
from typing import Any
from uuid import uuid4

import httpx
from django.conf import settings

from monolith.errors import GatewayUnavailable, PaymentDeclined


def authorise(card_token: str, amount: Decimal, currency: str, order_number: str) -> str:
    """Returns the gateway's reference. Raises PaymentDeclined, GatewayUnavailable."""
    told = {"card_token": card_token, "currency": currency, "order_number": order_number}
    return _ask("authorisations", {**told, "amount": str(amount)})


def move(kind: str, authorisation: str, amount: Decimal) -> str:
    """`kind` is "capture", "refund" or "void". Returns the gateway's reference. Raises GatewayUnavailable."""
    return _ask(f"authorisations/{authorisation}/{kind}", {"amount": str(amount)})


def _ask(path: str, body: dict[str, str]) -> str:
    try:
        answer = _client().post(path, json=body, headers={"Idempotency-Key": str(uuid4())})
    except httpx.HTTPError as error:
        raise GatewayUnavailable(f"The bank does not answer ({type(error).__name__}). Try again later.") from error
    told = _read(answer)
    if answer.status_code == httpx.codes.PAYMENT_REQUIRED:
        raise PaymentDeclined(told.get("reason") or "The card could not be charged. Try another one.")
    if not answer.is_success or "id" not in told:
        reason = told.get("reason", "")
        raise GatewayUnavailable(f"The bank answers {answer.status_code}. {reason} Try again later.")
    return str(told["id"])


def _read(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


@cache
def _client() -> httpx.Client:
    """One for the process, which threads may share. No connection is kept: an answer may come twice on it."""
    headers = {"Authorization": f"Bearer {settings.GATEWAY_TOKEN}"} if settings.GATEWAY_TOKEN else {}
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(base_url=settings.GATEWAY_URL, headers=headers, timeout=settings.GATEWAY_TIMEOUT, limits=limits)
