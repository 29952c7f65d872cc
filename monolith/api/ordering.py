from typing import Any

from django.db.models import QuerySet
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request
from rest_framework.serializers import ValidationError
from rest_framework.views import APIView

PARAMETER = "ordering"


def choices_of(view: APIView) -> list[str]:
    """The view's `ordering_fields`, upwards and downwards."""
    return [sign + name for name in getattr(view, "ordering_fields", ()) for sign in ("", "-")]


class Ordering(BaseFilterBackend):
    """`?ordering=-placed_at`: one of the view's `ordering_fields`; another name is refused instead of ignored.

    Without the parameter it is the view's `ordering` (a tuple), else the one its queryset came with. Pagination makes
    it unique.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet, view: APIView) -> QuerySet:
        asked = request.query_params.get(PARAMETER)
        if asked is None or not choices_of(view):
            default = getattr(view, "ordering", ())
            return queryset.order_by(*default) if default else queryset
        if asked not in choices_of(view):
            raise ValidationError({PARAMETER: [f"{asked!r} is not one of {', '.join(choices_of(view))}."]})
        return queryset.order_by(asked)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        if not choices_of(view):
            return []
        schema = {"type": "string", "enum": choices_of(view)}
        described = {"description": "What to sort by; with a minus, downwards.", "required": False, "in": "query"}
        return [{"name": PARAMETER, **described, "schema": schema}]
