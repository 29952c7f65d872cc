from django.contrib import admin

from monolith.backoffice import ReadOnly, ServiceAdmin
from monolith.payments.models import LedgerEntry, Payment


class LedgerEntryInline(ReadOnly, admin.TabularInline):
    model = LedgerEntry
    extra = 0


@admin.register(Payment)
class PaymentAdmin(ReadOnly, ServiceAdmin):
    """To look at; money moves through the actions on the order."""

    list_display = ["order_number", "customer_email", "captured", "refunded", "currency", "created_at"]
    list_filter = ["currency", "created_at"]
    search_fields = ["order_number", "customer_email", "authorisation"]
    inlines = [LedgerEntryInline]


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnly, ServiceAdmin):
    list_display = ["payment", "kind", "amount", "reference", "created_at"]
    list_filter = ["kind", "created_at"]
    list_select_related = ["payment"]
    search_fields = ["payment__order_number", "reference"]
