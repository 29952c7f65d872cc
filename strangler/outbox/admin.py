"""A window on the outbox: nothing can be added, changed or deleted here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from strangler.outbox.models import OutboxMessage


@admin.register(OutboxMessage)
class OutboxMessageAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    list_display = ("type", "aggregate_type", "aggregate_id", "created_at", "relayed_at", "attempts", "last_error")
    list_filter = (("relayed_at", admin.EmptyFieldListFilter), "type")
    search_fields = ("=aggregate_id", "=correlation_id", "=type")
    search_help_text = "Aggregate id (an order's number), correlation id or type, exactly."
    ordering: ClassVar = ["-position"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
