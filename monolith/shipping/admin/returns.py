from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from monolith.backoffice.forms import Reason
from monolith.backoffice.pages import Link, ReadOnly, ServiceAdmin, action, answers, rows_of
from monolith.shipping import services
from monolith.shipping.admin.goods import GoodsInline
from monolith.shipping.models import Return, ReturnLine


class ReturnLineInline(GoodsInline):
    model = ReturnLine


@admin.register(Return)
class ReturnAdmin(ReadOnly, ServiceAdmin):
    """Asked for by the customer, ended by the warehouse."""

    list_display = ["number", "order", "status", "reason", "refunded", "requested_at", "closed_at"]
    list_filter = ["status", "requested_at"]
    list_select_related = ["order"]
    search_fields = ["^number", "^order__number", "order__customer_email"]
    date_hierarchy = "requested_at"
    inlines = [ReturnLineInline]
    actions = ["receive", "reject"]

    def links(self, row: Return) -> list[Link]:
        return [rows_of("Order", "orders.order", id__exact=row.order_id)]

    @action("Receive: goods back in stock, money back", needs="shipping.close_return")
    def receive(self, request: HttpRequest, queryset: QuerySet[Return]) -> None:
        self.apply(request, queryset, services.receive_return, "Received")

    @action("Reject", needs="shipping.close_return")
    def reject(self, request: HttpRequest, queryset: QuerySet[Return]) -> HttpResponse | None:
        return self.ask(request, queryset, Reason(answers(request)), services.reject_return, "Rejected")
