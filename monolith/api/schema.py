"""OpenAPI 3.1: beside success, every operation lists the problems it can really answer and the headers it knows."""

from typing import Any, ClassVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from monolith.api import raising
from monolith.api.etags import ConditionalRead
from monolith.api.idempotency import HEADER as IDEMPOTENCY_KEY
from monolith.api.idempotency import REPLAYED
from monolith.api.problems import MEDIA_TYPE

_TEXT = {"type": "string"}
_FIELD_ERROR = {
    "type": "object",
    "required": ["field", "detail"],
    "properties": {
        "field": {**_TEXT, "description": "Such as `lines.0.quantity`; empty for the request as a whole."},
        "detail": _TEXT,
    },
}
PROBLEM = {
    "type": "object",
    "description": "Problem details, RFC 9457.",
    "required": ["type", "title", "status", "detail", "code", "instance"],
    "properties": {
        "type": {**_TEXT, "format": "uri-reference", "description": "Leads to an explanation; as stable as `code`."},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": {**_TEXT, "description": "What is wrong this time, and the way out."},
        "code": {**_TEXT, "description": "What to program against."},
        "instance": {**_TEXT, "format": "uri-reference", "description": "The address that was asked."},
        "errors": {"type": "array", "items": _FIELD_ERROR, "description": "With the code `invalid`: field by field."},
    },
}


def _sent(name: str, description: str, *, required: bool = False, **schema: Any) -> OpenApiParameter:
    return OpenApiParameter(
        name, {**_TEXT, **schema}, OpenApiParameter.HEADER, required=required, description=description
    )


def _answered(name: str, on: list[int], description: str) -> OpenApiParameter:
    return OpenApiParameter(name, _TEXT, OpenApiParameter.HEADER, response=on, description=description)


class ApiSchema(AutoSchema):
    descriptions: ClassVar[dict[int, str]] = {304: "Not modified: the client has this version."}

    def get_tags(self) -> list[str]:
        """The context, from `monolith.<context>.api`; what belongs to none is the shop's."""
        parts = type(self.view).__module__.split(".")
        return [parts[1] if len(parts) == 3 and parts[::2] == ["monolith", "api"] else "shop"]

    def get_override_parameters(self) -> list[Any]:
        parameters: list[OpenApiParameter] = []
        if self._is_conditional_read():
            parameters.append(_sent("If-None-Match", "An ETag you have; 304 when it is still the one."))
        if raising.is_conditional(self.view, self.method):
            parameters.append(_sent("If-Match", "The ETag of your last GET, or `*`. Without it: 428."))
        if self._is_conditional_read() or (raising.is_conditional(self.view, self.method) and self.method != "DELETE"):
            parameters.append(_answered("ETag", [200, 304], "Strong: changes whenever the representation does."))
        if raising.is_idempotent(self.view, self.method):
            about = "Your name for this request, such as a UUID. Sent again it is not done again, but answered again."
            parameters.append(_sent(IDEMPOTENCY_KEY, about, minLength=1, maxLength=255))
            parameters.append(_answered(REPLAYED, [200, 201], "`true` on the answer to a request done before."))
        return parameters

    def _is_conditional_read(self) -> bool:
        return isinstance(self.view, ConditionalRead) and getattr(self.view, "action", None) == "retrieve"

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        if self._is_conditional_read():
            headers = {"headers": self._get_response_headers_for_code("304", direction)}
            bodies.setdefault("304", {"description": self.descriptions[304], **headers})
        for status, codes in self._problems().items():
            bodies.setdefault(str(status), self._problem(status, codes))
        return bodies

    def _problems(self) -> raising.Problems:
        query = any(parameter["in"] == "query" for parameter in self._get_parameters())
        body = self._get_request_body() is not None
        return raising.problems_of(self.view, self.method, self.path, query=query, body=body)

    def _problem(self, status: int, codes: set[str]) -> dict[str, Any]:
        component = ResolvedComponent(name="Problem", type=ResolvedComponent.SCHEMA, schema=PROBLEM, object=ApiSchema)
        self.registry.register_on_missing(component)
        described = {
            "description": ", ".join(f"`{code}`" for code in sorted(codes)),
            "content": {MEDIA_TYPE: {"schema": component.ref}},
        }
        if status == 429:
            described["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
        return described
