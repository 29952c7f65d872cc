from django.contrib import admin

from monolith.backoffice.pages import ReadOnly
from monolith.idempotency.models import IdempotencyKey


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnly, admin.ModelAdmin):
    """To look at, when a customer asks why an order was placed once or twice."""

    list_display = ["created_at", "scope", "key", "user", "status"]
    list_filter = ["scope", "status", "created_at"]
    list_select_related = ["user"]
    search_fields = ["=key", "user__username"]
