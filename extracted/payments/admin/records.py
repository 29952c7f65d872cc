"""What events and workers have written: people read it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from extracted.payments.admin.pages import ReadOnly
from extracted.payments.models import (
    CircuitBreaker,
    GatewayAttempt,
    GatewayCall,
    Ownership,
    PaymentFlag,
    PaymentRequest,
    ShadowOutcome,
)


@admin.register(Ownership)
class OwnershipAdmin(ReadOnly):
    """Moved by the monolith's stages, never by hand."""

    list_display = ["order_number", "owner", "epoch", "recalled", "since"]
    list_filter = ["owner", "since"]
    search_fields = ["^order_number"]


@admin.register(PaymentRequest)
class PaymentRequestAdmin(ReadOnly):
    list_display = ["asked_at", "action", "order_number", "amount", "status", "reason", "deferred_at", "answered_at"]
    list_filter = ["status", "action", "asked_at"]
    search_fields = ["^order_number", "=request"]


class AttemptInline(admin.TabularInline):
    model = GatewayAttempt
    extra = 0
    can_delete = False


@admin.register(GatewayCall)
class GatewayCallAdmin(ReadOnly):
    list_display = ["created_at", "kind", "order_number", "amount", "status", "attempts", "due_at", "last_error"]
    list_filter = ["status", "kind", "undoes", "created_at"]
    search_fields = ["^order_number", "=call", "^reference"]
    inlines = [AttemptInline]


@admin.register(CircuitBreaker)
class CircuitBreakerAdmin(ReadOnly):
    list_display = ["name", "failures", "open_until", "last_error", "changed_at"]


@admin.register(PaymentFlag)
class PaymentFlagAdmin(ReadOnly):
    """Payments with which a customer had more than a rule allows. Nothing was held back."""

    list_display = ["flagged_at", "order_number", "customer_email", "rule", "count", "total", "made_at"]
    list_filter = ["rule", "flagged_at"]
    search_fields = ["^order_number", "^customer_email"]


class MismatchFilter(admin.SimpleListFilter):
    """Mismatches, unless somebody asks for all: they are what one comes for."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((cause.value, cause.label) for cause in ShadowOutcome.Cause if cause.value), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": "All mismatches"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ShadowOutcome]) -> QuerySet[ShadowOutcome]:
        if self.value() == "all":
            return queryset
        return queryset.filter(cause=self.value()) if self.value() else queryset.exclude(cause="")


@admin.register(ShadowOutcome)
class ShadowOutcomeAdmin(ReadOnly):
    list_display = ["compared_at", "order_number", "fact", "theirs", "ours", "cause"]
    list_filter = [MismatchFilter, "compared_at"]
    search_fields = ["^order_number"]
