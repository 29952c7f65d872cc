from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from monolith.backoffice.pages import Link, ReadOnly, ServiceAdmin, rows_of
from monolith.payments.models import Ownership, PaymentRequest


@admin.register(Ownership)
class OwnershipAdmin(ReadOnly, ServiceAdmin):
    """Payments that have ever moved. `settle_payments` moves them, to where the stage of payments wants them."""

    list_display = ["order_number", "owner", "epoch", "since", "recalled_at"]
    list_filter = ["owner", "since", "recalled_at"]
    search_fields = ["^order_number"]
    date_hierarchy = "since"

    def links(self, row: Ownership) -> list[Link]:
        return [
            rows_of("Payment", "payments.payment", order_number__exact=row.order_number),
            rows_of("Requests", "payments.paymentrequest", order_number__exact=row.order_number),
        ]


class UnansweredFilter(admin.SimpleListFilter):
    title = "answered"
    parameter_name = "answered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Not answered yet"), ("yes", "Done or refused")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PaymentRequest]) -> QuerySet[PaymentRequest]:
        still = {"status__in": PaymentRequest.UNANSWERED}
        if self.value() == "no":
            return queryset.filter(**still)
        return queryset.exclude(**still) if self.value() == "yes" else queryset


@admin.register(PaymentRequest)
class PaymentRequestAdmin(ReadOnly, ServiceAdmin):
    """What the service was asked to do with the payments it owns, and what it said."""

    list_display = ["order_number", "action", "amount", "status", "code", "deferred_until", "attempts", "created_at"]
    list_filter = [UnansweredFilter, "status", "action", "code", "created_at"]
    search_fields = ["^order_number"]
    date_hierarchy = "created_at"
    exclude = ["card_token"]

    def links(self, row: PaymentRequest) -> list[Link]:
        return [rows_of("Payment", "payments.payment", order_number__exact=row.order_number)]
