from django.contrib import admin
from django.http import HttpRequest

from monolith.backoffice import NeverDeleted, ServiceAdmin
from monolith.customers.models import Address, Customer


class AddressInline(admin.TabularInline):
    model = Address
    extra = 0


@admin.register(Customer)
class CustomerAdmin(NeverDeleted, ServiceAdmin):
    """Customers register themselves, with a password of their own, so the admin adds none."""

    list_display = ["email", "name", "created_at"]
    list_filter = ["created_at"]
    search_fields = ["email", "name"]
    readonly_fields = ["user", "email", "created_at"]
    inlines = [AddressInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
