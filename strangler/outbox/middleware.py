"""The start of a conversation: everything an HTTP request publishes carries its correlation id and trace."""

from __future__ import annotations

import re
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from strangler.messaging import working_for_request

HEADER = "X-Correlation-ID"
_ACCEPTABLE = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class CorrelationIdMiddleware:
    """Takes `X-Correlation-ID` and `traceparent`, makes anew what is missing or unfit, answers with the id in use."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get(HEADER, "")
        correlation_id = offered if _ACCEPTABLE.fullmatch(offered) else None
        with working_for_request(correlation_id, request.headers.get("traceparent")) as work:
            with structlog.contextvars.bound_contextvars(correlation_id=work.correlation_id):
                response = self.get_response(request)
            response[HEADER] = work.correlation_id
        return response
