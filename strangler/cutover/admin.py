"""Where a person sees how monolith and service compare, and deletes a cause, with its examples, once it is mended."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from strangler.cutover.models import (
    BackfillRun,
    ParityReport,
    ShadowCause,
    ShadowMismatch,
    ShadowTally,
    StageChange,
)


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Examples(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable at run time
    model = ShadowMismatch
    fields = ("seen_at", "arguments", "monolith", "service")
    can_delete = False


@admin.register(ShadowCause)
class ShadowCauseAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("capability", "cause", "count", "first_at", "last_at")
    list_filter = ("capability",)
    inlines: ClassVar = [Examples]
    show_full_result_count = False


@admin.register(ShadowTally)
class ShadowTallyAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("capability", "comparisons", "mismatches", "clean_run", "unsettled", "dropped", "last_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(StageChange)
class StageChangeAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Steps are taken by `manage.py stage`, which asks the gates."""

    list_display = ("decided_at", "context", "before", "after", "decided_by", "reason", "source", "forced")
    list_filter = ("context", "to_stage", "source", "forced", "decided_at")
    search_fields = ("=context", "decided_by", "reason")
    search_help_text = "Context, exactly; who or why, in part."

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(BackfillRun)
class BackfillRunAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "group", "version", "done", "expected", "started_at", "moved_at", "finished_at")
    list_filter = ("group", ("finished_at", admin.EmptyFieldListFilter))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ParityReport)
class ParityReportAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = (
        *("checked_at", "context", "name", "compared", "mismatches", "missing", "extra", "in_flight"),
        *("complete", "clean_runs", "seconds"),
    )
    list_filter = ("context", "name")
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
