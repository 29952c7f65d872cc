"""Who may ask: the monolith, by the token that both have."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hmac import compare_digest
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from strangler.conf import settings

View = Callable[..., HttpResponse]


def for_the_monolith(view: View) -> View:
    """403 without the token of `STRANGLER["SERVICE_TOKEN"]`, also where none is set. No cookie opens it: no CSRF."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_the_monolith(request):
            return JsonResponse({"error": 'not the token of STRANGLER["SERVICE_TOKEN"]'}, status=403)
        return view(request, *args, **kwargs)

    return guarded


def is_the_monolith(request: HttpRequest) -> bool:
    """For who guards views in ways of their own, as REST framework does."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.service_token
    return bool(expected) and kind == "Bearer" and compare_digest(token.encode(), expected.encode())
