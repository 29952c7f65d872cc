"""The rates of `settings.THROTTLE_RATES`, as REST framework asks for them. A rate of None throttles nobody."""

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from monolith.throttling.services import take


class _Throttle(BaseThrottle):
    _wait = 0.0

    def _allows(self, scope: str, client: str) -> bool:
        rate = settings.THROTTLE_RATES[scope]
        if rate is not None:
            self._wait = take(f"{scope}:{client}", rate)
        return not self._wait

    def wait(self) -> float:
        return self._wait


class AnonThrottle(_Throttle):
    """Per address, of those who are not logged in."""

    def allow_request(self, request: Request, view: Any) -> bool:
        return request.user.is_authenticated or self._allows("anon", self.get_ident(request))


class UserThrottle(_Throttle):
    def allow_request(self, request: Request, view: Any) -> bool:
        return not request.user.is_authenticated or self._allows("user", str(request.user.pk))


class ScopedThrottle(_Throttle):
    """On top of these, on views with a `throttle_scope`; per user, else per address."""

    def allow_request(self, request: Request, view: Any) -> bool:
        scope = getattr(view, "throttle_scope", None)
        client = str(request.user.pk) if request.user.is_authenticated else self.get_ident(request)
        return scope is None or self._allows(scope, client)
