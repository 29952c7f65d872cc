from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from extracted.notifications import services
from extracted.notifications.models import Email


@admin.register(Email)
class EmailAdmin(admin.ModelAdmin):
    """Services write e-mails; people read them and have them sent again."""

    list_display = ["created_at", "template", "address", "order_number", "status", "attempts", "sent_at"]
    list_filter = ["status", "template", "created_at"]
    search_fields = ["address", "order_number", "message_id", "cause"]
    show_full_result_count = False
    actions = ["send_again"]

    @admin.action(description="Send again", permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Email]) -> None:
        for email in queryset:
            services.send_again(email)
        self.message_user(request, f"Sent again: {len(queryset)}", messages.SUCCESS)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _email: Any = None) -> bool:
        return False

    def get_readonly_fields(self, _request: HttpRequest, _email: Any = None) -> list[str]:
        return [field.name for field in self.opts.fields]
