import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from rest_framework.exceptions import NotAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from monolith.idempotency.services import Answer, once

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
_KEPT = ("ETag", "Location")

Handler = Callable[..., Response]


class _Refused(Exception):
    """Carries a refusal out of the transaction, which rolls the record back."""

    def __init__(self, response: Response) -> None:
        self.response = response


def idempotent(scope: str) -> Callable[[Handler], Handler]:
    """For `APIView.post` and viewset actions: with an Idempotency-Key they are done once, in one transaction.

    A refusal, raised or answered, isn't kept: the retry may succeed. Below `@action`, which has to see the outermost.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def wrapper(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
            key = request.headers.get(HEADER)
            if key is None:
                return handler(view, request, *args, **kwargs)
            if not request.user.is_authenticated:
                raise NotAuthenticated
            asked = [request.method, request.path, request.query_params.dict(), request.data]
            try:
                answer = once(
                    lambda: _answer_of(handler(view, request, *args, **kwargs)),
                    user=request.user,
                    key=key,
                    scope=scope,
                    request=asked,
                )
            except _Refused as refused:
                return refused.response
            headers = {**answer.headers, **({REPLAYED: "true"} if answer.replayed else {})}
            return Response(answer.body, status=answer.status, headers=headers)

        wrapper.idempotent = True  # type: ignore[attr-defined]
        return wrapper

    return decorate


def _answer_of(response: Response) -> Answer:
    if response.status_code >= 400:
        raise _Refused(response)
    kept = {name: response[name] for name in _KEPT if name in response}
    return Answer(json.loads(JSONRenderer().render(response.data)), response.status_code, kept)
