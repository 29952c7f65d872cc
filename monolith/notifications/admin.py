from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from monolith.backoffice.pages import Link, ReadOnly, ServiceAdmin, action, rows_of
from monolith.notifications import services
from monolith.notifications.models import Email


@admin.register(Email)
class EmailAdmin(ReadOnly, ServiceAdmin):
    list_display = ["created_at", "template", "address", "order_number", "status", "attempts", "sent_at"]
    list_filter = ["status", "template", "created_at"]
    search_fields = ["address", "^order_number", "^cause"]
    date_hierarchy = "created_at"
    actions = ["send_again"]

    def links(self, row: Email) -> list[Link]:
        return [rows_of("Order", "orders.order", number__exact=row.order_number)]

    @action("Send again", needs="notifications.resend_email")
    def send_again(self, request: HttpRequest, queryset: QuerySet[Email]) -> None:
        self.apply(request, queryset, services.send_again, "Sent again")
