"""What a view may answer besides success: for the schema, which is held against what really happens."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import SAFE_METHODS, AllowAny, IsAuthenticated
from rest_framework.views import APIView

from monolith.api.etags import ConditionalDestroy, ConditionalUpdate, PreconditionFailed, PreconditionRequired
from monolith.errors import ShopError
from monolith.idempotency.errors import KeyMalformed, KeyReused

Problems = dict[int, set[str]]
_HOOKS = {
    "create": "perform_create",
    "update": "perform_update",
    "partial_update": "perform_update",
    "destroy": "perform_destroy",
}


def raises(*errors: type[ShopError], never: tuple[int, ...] = ()) -> Callable[[Any], Any]:
    """On a handler (`post`, an action, `perform_update`) or a view class: the shop errors it may raise.

    `never` takes statuses out that would be assumed, such as 404 for a path where everything exists.
    """

    def mark(target: Any) -> Any:
        target.raised_errors, target.never_answered = errors, never
        return target

    return mark


def handler_of(view: APIView, method: str) -> Any:
    return getattr(view, getattr(view, "action", None) or method.lower(), None)


def is_conditional(view: APIView, method: str) -> bool:
    """Does this operation need If-Match?"""
    kind = {"PUT": ConditionalUpdate, "PATCH": ConditionalUpdate, "DELETE": ConditionalDestroy}.get(method)
    return kind is not None and isinstance(view, kind) and _action(view) in _HOOKS


def is_idempotent(view: APIView, method: str) -> bool:
    return hasattr(handler_of(view, method), "idempotent")


def problems_of(view: APIView, method: str, path: str, *, query: bool, body: bool) -> Problems:
    """Status to codes, of everything this operation can answer; `query` and `body` tell what input it takes."""
    found: Problems = defaultdict(set)
    found[406].add("not_acceptable")
    _refused_by_access(found, view, method)
    idempotent = is_idempotent(view, method)
    if query or body:
        found[400].add("invalid")
    if body or idempotent:
        found[400].add("parse_error")
        found[415].add("unsupported_media_type")
    if "{" in path:
        found[404].add("not_found")
    errors = [PreconditionRequired, PreconditionFailed] if is_conditional(view, method) else []
    errors += [KeyMalformed, KeyReused] if idempotent else []
    targets = [type(view), handler_of(view, method), getattr(view, _HOOKS.get(_action(view), ""), None)]
    for error in [*errors, *(error for target in targets for error in getattr(target, "raised_errors", ()))]:
        found[error.status].add(error.code)
    never = {status for target in targets for status in getattr(target, "never_answered", ())}
    return {status: codes for status, codes in sorted(found.items()) if status not in never}


def _refused_by_access(found: Problems, view: APIView, method: str) -> None:
    authenticators = view.get_authenticators()
    permissions = {type(permission) for permission in view.get_permissions()}
    if authenticators:
        found[401].add("authentication_failed")
    if authenticators and AllowAny not in permissions:
        found[401].add("not_authenticated")
    by_cookie = any(isinstance(each, SessionAuthentication) for each in authenticators)
    if permissions - {AllowAny, IsAuthenticated} or (by_cookie and method not in SAFE_METHODS):
        found[403].add("permission_denied")
    if view.get_throttles():
        found[429].add("throttled")


def _action(view: APIView) -> str:
    return getattr(view, "action", None) or ""
