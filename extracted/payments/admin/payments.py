"""Why a payment is as it is: its stream, what that means in the books, and every try of every call of the gateway."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from extracted.payments.admin.pages import ReadOnly, table
from extracted.payments.models import PaymentView
from extracted.payments.selectors import calls_of, history, owned_here, postings_of
from strangler.eventstore import Recorded


class OwnerFilter(admin.SimpleListFilter):
    title = "owner"
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("service", "Owned here"), ("monolith", "Copies of the monolith's")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PaymentView]) -> QuerySet[PaymentView]:
        here = owned_here().values("order_number")
        if self.value() == "service":
            return queryset.filter(order_number__in=here)
        return queryset.exclude(order_number__in=here) if self.value() == "monolith" else queryset


@admin.register(PaymentView)
class PaymentAdmin(ReadOnly):
    list_display = [
        *("order_number", "customer_email", "status", "authorised", "captured", "refunded", "currency"),
        *("in_hand", "created_at"),
    ]
    list_filter = [OwnerFilter, "status", "currency", "created_at"]
    search_fields = ["^order_number", "^customer_email", "^authorisation"]
    readonly_fields = ["stream", "postings", "gateway_calls"]

    @admin.display(description="what has happened")
    def stream(self, payment: PaymentView) -> SafeString:
        rows = (_told(each) for each in history(payment.order_number))
        heads = ("", "recorded at", "event", "what it says", "conversation", "caused by")
        return table(heads, rows, empty="Nothing yet.")

    @admin.display(description="in the ledger")
    def postings(self, payment: PaymentView) -> SafeString:
        found = postings_of(payment.order_number)
        rows = ((each.version, each.event, each.account, each.amount, each.currency) for each in found)
        return table(("event", "", "account", "amount", ""), rows, empty="Nothing has been entered (yet).")

    @admin.display(description="calls of the gateway")
    def gateway_calls(self, payment: PaymentView) -> SafeString:
        heads = ("call", "idempotency key", "status", "try", "began", "ended", "outcome")
        return table(heads, _tries(payment.order_number), empty="None was made from here.")


def _told(each: Recorded) -> tuple[Any, ...]:
    data = each.event.model_dump(mode="json", exclude={"order_number"}, exclude_none=True)
    said = ", ".join(f"{name} {value}" for name, value in data.items() if value not in ("", [], "0.00", False))
    name = each.event.event_type.partition(".")[2].replace("_", " ")
    return each.version, each.recorded_at, name, said, each.correlation_id, each.causation_id


def _tries(order_number: str) -> Iterator[tuple[Any, ...]]:
    for call in calls_of(order_number):
        about = (f"{call.kind} {call.amount} {call.currency}", call.call, call.get_status_display())
        for each in call.tries.all():
            yield *about, each.number, each.started_at, each.ended_at, each.outcome or "no end known"
        if not call.attempts:
            yield *about, "", "", "", "not tried"
