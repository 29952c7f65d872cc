"""The card gateway over HTTP: a call has an idempotency key, and may be made again until it is answered."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
from django.conf import settings
from django.utils.dateparse import parse_datetime

from extracted.payments.domain.deciding import Denied, Succeeded
from extracted.payments.models import GatewayCall
from strangler.errors import ConfigurationError

FINAL = {400, 402, 404, 409, 422}
"""The gateway has understood, and says no. Anything else that is not a success may be different next time."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Whether it was done is not known."""

    reason: str


Outcome = Succeeded | Denied | Unavailable


ONE_CALL_EACH = httpx.Limits(max_keepalive_connections=0)
"""A connection that is used again may hold a second answer to the call before, which would pass for this one's."""


class Gateway:
    """One instance serves any number of threads. A call takes at most a little more than `GATEWAY_TIMEOUT` seconds."""

    def __init__(self) -> None:
        """Raises ConfigurationError naming the variable."""
        if not settings.GATEWAY_URL:
            raise ConfigurationError("Set the environment variable GATEWAY_URL: where the card gateway is.")
        if settings.GATEWAY_TIMEOUT < 1:
            raise ConfigurationError("GATEWAY_TIMEOUT is a number of seconds from 1; the default is 5.")
        headers = {"Authorization": f"Bearer {settings.GATEWAY_TOKEN}"} if settings.GATEWAY_TOKEN else {}
        url = settings.GATEWAY_URL.rstrip("/") + "/"
        self._client = httpx.Client(
            base_url=url, headers=headers, timeout=settings.GATEWAY_TIMEOUT, limits=ONE_CALL_EACH
        )

    def make(self, call: GatewayCall) -> Outcome:
        """Raises nothing: what goes wrong is an outcome."""
        try:
            answer = self._client.post(_path(call), json=_body(call), headers={"Idempotency-Key": str(call.call)})
        except httpx.HTTPError as error:
            return Unavailable(f"{type(error).__name__}: {error}".strip(": "))
        return _outcome(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()


def _path(call: GatewayCall) -> str:
    return "authorisations" if call.kind == "authorise" else f"authorisations/{call.authorisation}/{call.kind}"


def _body(call: GatewayCall) -> dict[str, str]:
    body = {"amount": str(call.amount), "currency": call.currency}
    if call.kind == "authorise":
        body |= {"card_token": call.card_token, "order_number": call.order_number}
    return body


def _outcome(answer: httpx.Response) -> Outcome:
    told = _json(answer)
    if answer.is_success:
        at = parse_datetime(str(told.get("at", "")))
        if at is None or not told.get("id"):
            return Unavailable(f"{answer.status_code} without an id and a time: {_start(answer)}")
        return Succeeded(reference=str(told["id"]), at=at)
    if answer.status_code in FINAL:
        return Denied(reason=str(told.get("reason") or f"The gateway answers {answer.status_code}."))
    return Unavailable(f"{answer.status_code}: {_start(answer)}")


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _start(answer: httpx.Response) -> str:
    """On one line, as a page of HTML is not."""
    return " ".join(answer.text.split())[:200]
