from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from monolith.backoffice import ReadOnly, ServiceAdmin
from monolith.notifications import services
from monolith.notifications.models import Email


@admin.register(Email)
class EmailAdmin(ReadOnly, ServiceAdmin):
    list_display = ["created_at", "template", "address", "order_number", "status", "attempts", "sent_at"]
    list_filter = ["status", "template", "created_at"]
    search_fields = ["address", "order_number", "cause"]
    actions = ["send_again"]

    @admin.action(description="Send again", permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Email]) -> None:
        self.apply(request, queryset, services.send_again, "Sent again")
