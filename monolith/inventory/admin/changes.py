from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from monolith.backoffice.pages import ReadOnly, ServiceAdmin
from monolith.inventory.models import Change


class OpenFilter(admin.SimpleListFilter):
    title = "open"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Not answered yet"), ("no", "Done or rejected")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Change]) -> QuerySet[Change]:
        still = {"status__in": Change.OPEN}
        if self.value() == "yes":
            return queryset.filter(**still)
        return queryset.exclude(**still) if self.value() == "no" else queryset


@admin.register(Change)
class ChangeAdmin(ReadOnly, ServiceAdmin):
    """What the service was asked to do with the stock it owns, and what it said."""

    list_display = ["reference", "kind", "status", "attempts", "created_at", "answered_at", "due_at"]
    list_filter = [OpenFilter, "status", "kind", "created_at"]
    search_fields = ["^reference"]
    date_hierarchy = "created_at"
