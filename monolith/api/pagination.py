from collections.abc import Sequence
from typing import Any

from django.core import signing
from django.db.models import Model, QuerySet
from django.template import loader
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from monolith.api import keyset

CURSOR, PAGE_SIZE = "cursor", "page_size"


class CursorPages(BasePagination):
    """`?page_size=` up to 200 and an opaque `?cursor=`, which holds the values of the row where the page begins.

    REST framework's own compares only the first field of an ordering and skips rows where a thousand share its value.
    A cursor is signed: only values this list has shown get into a query, and only in the order they were shown in.
    """

    page_size = 20
    max_page_size = 200
    template = "rest_framework/pagination/previous_and_next.html"

    def paginate_queryset(self, queryset: QuerySet, request: Request, view: APIView | None = None) -> list[Model]:
        self._request = request
        size = self._size()
        keys = keyset.keys_of(queryset)
        self._salt = f"{queryset.model._meta.label}:{','.join(f'{key.descending:d}{key.name}' for key in keys)}"
        position, backwards = self._cursor()
        rows = keyset.ordered(queryset, keys, backwards=backwards)
        if position is not None:
            rows = keyset.after(rows, keys, position, backwards=backwards)
        found = list(rows[: size + 1])
        page, more = found[:size], len(found) > size
        if backwards:
            page.reverse()
        has_next, has_previous = (True, more) if backwards else (more, position is not None)
        self._next = self._link(page[-1:], keys, backwards=False) if has_next else None
        self._previous = self._link(page[:1], keys, backwards=True) if has_previous else None
        self.display_page_controls = bool(self._next or self._previous)
        return page

    def get_paginated_response(self, data: list[Any]) -> Response:
        return Response({"next": self._next, "previous": self._previous, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        about = "From `next` or `previous` of another page; not to be made up."
        return [
            {"name": CURSOR, "in": "query", "required": False, "description": about, "schema": {"type": "string"}},
            {"name": PAGE_SIZE, "in": "query", "required": False, "description": "Rows per page.", "schema": size},
        ]

    def to_html(self) -> str:
        links = {"previous_url": self._previous, "next_url": self._next}
        return loader.get_template(self.template).render(links)

    def _size(self) -> int:
        asked = self._request.query_params.get(PAGE_SIZE, str(self.page_size))
        if asked.isascii() and asked.isdecimal() and len(asked) < 10 and 1 <= int(asked) <= self.max_page_size:
            return int(asked)
        raise ValidationError({PAGE_SIZE: [f"A whole number from 1 to {self.max_page_size}, please."]})

    def _cursor(self) -> tuple[list[str | None] | None, bool]:
        text = self._request.query_params.get(CURSOR)
        if text is None:
            return None, False
        try:
            position, backwards = signing.loads(text, salt=self._salt)
        except signing.BadSignature:
            raise ValidationError({CURSOR: ["Not a cursor of this list in this order; begin without one."]}) from None
        return position, backwards

    def _link(self, end: Sequence[Model], keys: Sequence[keyset.Key], *, backwards: bool) -> str | None:
        """To the page beyond the row at this end; an empty page has no ends."""
        for row in end:
            cursor = signing.dumps([[key.value_of(row) for key in keys], backwards], salt=self._salt)
            return replace_query_param(self._request.build_absolute_uri(), CURSOR, cursor)
        return None
