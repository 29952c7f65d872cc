"""Where a person sees how sagas stand, and lets a stuck one go on or has it undone."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from strangler.saga import operations, telling
from strangler.saga.models import HistoryEntry, SagaInstance


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class History(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable at run time
    model = HistoryEntry
    fields = ("at", "what", "step", "by", "note", "event_id")
    ordering: ClassVar = ["id"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may see the saga may see what happened to it."""
        return request.user.has_perm("strangler_saga.view_sagainstance")


@admin.register(SagaInstance)
class SagaInstanceAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("saga", "key", "status", "step", "undoing", "attempts", "due_at", "moved_at", "last_line")
    list_filter = ("status", "saga", "undoing", "started_at")
    search_fields = ("=key", "=correlation_id")
    search_help_text = "Key or correlation id, exactly."
    inlines: ClassVar = [History]
    actions = ("resume", "compensate")
    show_full_result_count = False

    @admin.display(description="error")
    def last_line(self, instance: SagaInstance) -> str:
        return telling.last_line(instance)

    def has_resume_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("strangler_saga.resume_sagainstance")

    def has_compensate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("strangler_saga.compensate_sagainstance")

    @admin.action(permissions=["resume"], description="Resume: let stuck sagas go on where they were")
    def resume(self, request: HttpRequest, queryset: QuerySet[SagaInstance]) -> None:
        chosen = list(queryset)
        count = operations.resume(chosen, by=request.user.get_username())
        self._tell(request, f"{_sagas(count)} to go on", map(operations.why_not_resumed, chosen))

    @admin.action(permissions=["compensate"], description="Compensate: undo what was done")
    def compensate(self, request: HttpRequest, queryset: QuerySet[SagaInstance]) -> None:
        chosen = list(queryset)
        count = operations.compensate(chosen, by=request.user.get_username())
        self._tell(request, f"{_sagas(count)} to be undone", map(operations.why_not_compensated, chosen))

    def _tell(self, request: HttpRequest, done: str, reasons: Any) -> None:
        self.message_user(request, done)
        for reason in filter(None, reasons):
            self.message_user(request, reason, messages.WARNING)


def _sagas(count: int) -> str:
    return "1 saga" if count == 1 else f"{count} sagas"
