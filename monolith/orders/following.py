"""How a client learns what became of a pending order: it asks again, or prefers to wait. Source: RFC 7240, `wait`."""

import re
from collections.abc import Callable
from functools import wraps
from time import monotonic, sleep
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from monolith.api.idempotency import HEADER as IDEMPOTENCY_KEY
from monolith.errors import CalledOff, GatewayUnavailable, NoAnswerInTime, OutOfStock, PaymentDeclined, ShopError
from monolith.idempotency.services import forget
from monolith.orders.models import Order
from monolith.orders.selectors import order_visible_to, status_of

LONGEST_WAIT = 10
"""Seconds. A client that waits keeps a thread of the shop, though no transaction."""
LOOK_EVERY = 0.1
ASK_AGAIN = 1
"""Seconds until it is worth asking once more."""
ASK_THE_BANK_AGAIN = 15
"""The same, while the bank does not answer."""
REFUSALS: dict[str, type[ShopError]] = {
    error.code: error for error in (OutOfStock, PaymentDeclined, GatewayUnavailable, NoAnswerInTime, CalledOff)
}
_WAIT = re.compile(r'(?:^|[,\s])wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])', re.IGNORECASE)


def _answered(name: str, on: int, description: str, kind: type = str) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.HEADER, response=[on], description=description)


WHILE_PENDING = _answered("Retry-After", 200, "While it is `pending`: seconds until you ask again.", int)
FOLLOWING = [
    OpenApiParameter(
        "Prefer",
        str,
        OpenApiParameter.HEADER,
        description=f"`wait=5`: answer a pending order only when it is decided, or after so many seconds, at most "
        f"{LONGEST_WAIT}. What is refused by then is answered as a problem, as what is refused at once.",
    ),
    _answered("Location", 201, "The order."),
    _answered("Retry-After", 201, "While it is `pending`: seconds until you ask at `Location`.", int),
    _answered("Preference-Applied", 201, "`wait=…`, where it was waited for."),
]


def followed(handler: Callable[..., Response]) -> Callable[..., Response]:
    """For a `post` that answers an order, outside of @idempotent, so that nobody waits within a transaction.

    A key under which an order was refused meanwhile is free again, as after a refusal at once.
    """

    @wraps(handler)
    def wrapper(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = handler(view, request, *args, **kwargs)
        wished = _WAIT.search(request.headers.get("Prefer", ""))
        if wished and _is_pending(response):
            _wait(request, response, min(int(wished[1]), LONGEST_WAIT))
        return told_when_to_ask_again(response)

    return wrapper


def told_when_to_ask_again(response: Response) -> Response:
    if _is_pending(response):
        awaits_payment = response.data["payment_retried_until"] is not None
        response["Retry-After"] = str(ASK_THE_BANK_AGAIN if awaits_payment else ASK_AGAIN)
    return response


def _is_pending(response: Response) -> bool:
    return response.status_code < 300 and response.data["status"] == Order.Status.PENDING


def _wait(request: Request, response: Response, seconds: int) -> None:
    """Raises what the order was refused for."""
    from monolith.orders.api import OrderSerializer  # which says how to follow an order

    number, until = response.data["number"], monotonic() + seconds
    while status_of(number) == Order.Status.PENDING and monotonic() < until:
        sleep(LOOK_EVERY)
    order = order_visible_to(request.user, number)
    if order.cancel_code:
        if key := request.headers.get(IDEMPOTENCY_KEY):
            forget(user=request.user, key=key, scope="checkout")
        raise REFUSALS[order.cancel_code](order.cancel_reason)
    response.data = OrderSerializer(order).data
    response["Preference-Applied"] = f"wait={seconds}"
