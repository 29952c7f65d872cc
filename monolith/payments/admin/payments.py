from decimal import Decimal

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from monolith.backoffice.forms import Amount
from monolith.backoffice.pages import Link, ReadOnly, ServiceAdmin, action, answers, rows_of
from monolith.payments import services
from monolith.payments.models import LedgerEntry, Payment


class LedgerEntryInline(ReadOnly, admin.TabularInline):
    model = LedgerEntry


@admin.register(Payment)
class PaymentAdmin(ReadOnly, ServiceAdmin):
    """Money is taken here; it goes back by the actions on the order, which has to know."""

    list_display = [
        *("order_number", "customer_email", "status", "authorised", "captured", "refunded", "currency", "created_at"),
    ]
    list_filter = ["status", "currency", "created_at"]
    search_fields = ["^order_number", "customer_email", "customer_name", "^authorisation"]
    date_hierarchy = "created_at"
    inlines = [LedgerEntryInline]
    actions = ["capture"]

    def links(self, row: Payment) -> list[Link]:
        return [rows_of("Order", "orders.order", number__exact=row.order_number)]

    @action("Capture", needs="payments.capture_payment")
    def capture(self, request: HttpRequest, queryset: QuerySet[Payment]) -> HttpResponse | None:
        return self.ask(request, queryset, Amount(answers(request)), _capture, "Captured")


def _capture(payment: Payment, amount: Decimal | None) -> Payment:
    return services.capture(payment.order_number, amount)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnly, ServiceAdmin):
    list_display = ["created_at", "payment", "kind", "amount", "reference"]
    list_filter = ["kind", "payment__currency", "created_at"]
    list_select_related = ["payment"]
    search_fields = ["^payment__order_number", "^reference"]
    date_hierarchy = "created_at"
