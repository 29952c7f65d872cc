"""Problem details: a refusal is `application/problem+json` with a stable `type` and `code`. Source: RFC 9457."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.encoding import escape_uri_path
from django.views import defaults
from rest_framework import exceptions
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from monolith.errors import ShopError

MEDIA_TYPE = "application/problem+json"
API = "/api/"


class ProblemResponse(Response):
    """Always JSON, whatever the view renders otherwise; only the browsable API shows it on its page."""

    @property
    def rendered_content(self) -> Any:
        if not isinstance(self.accepted_renderer, BrowsableAPIRenderer):
            self.accepted_renderer = JSONRenderer()
            self.content_type = MEDIA_TYPE
        return super().rendered_content


def answer_to_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """The REST framework's exception handler. None for what nobody foresaw: that stays Django's 500."""
    if isinstance(error, Http404):
        error = exceptions.NotFound(*error.args)
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(*error.args)
    path = context["request"].path
    if isinstance(error, ShopError):
        body = problem(error.status, error.code, str(error), path)
    elif isinstance(error, exceptions.APIException):
        body = _of_rest_framework(error, path)
    else:
        return None
    set_rollback()
    return ProblemResponse(body, status=body["status"], headers=_headers(error))


def problem(status: int, code: str, detail: str, path: str) -> dict[str, Any]:
    return {
        "type": reverse("problem", args=[code]),
        "title": title_of(code),
        "status": status,
        "detail": detail,
        "code": code,
        "instance": escape_uri_path(path),
    }


def title_of(code: str) -> str:
    return code.replace("_", " ").capitalize()


def field_errors(detail: Any, path: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
    """REST framework's nested errors, flat: `lines.0.quantity`, and an empty field for the request as a whole."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            yield from field_errors(inner, path if key == api_settings.NON_FIELD_ERRORS_KEY else (*path, str(key)))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            yield from field_errors(inner, (*path, str(position)) if isinstance(inner, dict | list) else path)
    else:
        yield {"field": ".".join(path), "detail": str(detail)}


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler404`: below /api/ an address of nothing is a problem too; elsewhere it is Django's page."""
    if not request.path.startswith(API):
        return defaults.page_not_found(request, exception)
    detail = f"There is nothing at this address; {reverse('schema')} lists what there is."
    return _plain(problem(404, "not_found", detail, request.path))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`: what Django refuses before a view is chosen, such as a body that is too large."""
    if not request.path.startswith(API):
        return defaults.bad_request(request, exception)
    return _plain(problem(400, "invalid", "The request could not be read.", request.path))


def _plain(body: dict[str, Any]) -> HttpResponse:
    return JsonResponse(body, status=body["status"], content_type=MEDIA_TYPE)


def _of_rest_framework(error: exceptions.APIException, path: str) -> dict[str, Any]:
    if not isinstance(error.detail, dict | list):
        return problem(error.status_code, error.detail.code, str(error.detail), path)
    errors = list(field_errors(error.detail))
    sentences = [f"{each['field']}: {each['detail']}" if each["field"] else each["detail"] for each in errors]
    return {**problem(error.status_code, error.default_code, " ".join(sentences), path), "errors": errors}


def _headers(error: Exception) -> dict[str, str]:
    headers = {"WWW-Authenticate": getattr(error, "auth_header", None), "Retry-After": getattr(error, "wait", None)}
    return {name: str(value) for name, value in headers.items() if value is not None}
