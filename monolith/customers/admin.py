from typing import Any

from django import forms
from django.contrib import admin
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest

from monolith.backoffice.pages import Link, NeverDeleted, ServiceAdmin, rows_of
from monolith.customers import services
from monolith.customers.models import Address, Customer
from monolith.customers.selectors import PostalAddress


class AddressForm(forms.ModelForm):
    def validate_constraints(self) -> None:
        """The service moves the mark of the default from the old address to the new one."""


class Addresses(BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        filled_in = [form.cleaned_data for form in self.forms if form.is_valid()]
        if sum(data.get("is_default", False) and not data.get("DELETE") for data in filled_in) > 1:
            raise forms.ValidationError("Only one address can be the default.")


class AddressInline(admin.TabularInline):
    model = Address
    form = AddressForm
    formset = Addresses
    extra = 0


@admin.register(Customer)
class CustomerAdmin(NeverDeleted, ServiceAdmin):
    """Customers register themselves, with a password of their own, so the admin adds none."""

    list_display = ["email", "name", "order_count", "lifetime_value", "last_order_at", "created_at"]
    list_filter = ["created_at", "last_order_at"]
    search_fields = ["email", "name", "phone"]
    date_hierarchy = "created_at"
    fields = ["email", "name", "phone", "user", "order_count", "lifetime_value", "last_order_at", "created_at"]
    readonly_fields = ["email", "user", "order_count", "lifetime_value", "last_order_at", "created_at"]
    list_select_related = ["user"]
    inlines = [AddressInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        services.change_customer(obj, name=obj.name, phone=obj.phone)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        for address in formset.deleted_objects:
            services.remove_address(address)
        for address, _ in formset.changed_objects:
            services.change_address(address, _postal(address), is_default=address.is_default)
        for address in formset.new_objects:
            services.add_address(form.instance, _postal(address), is_default=address.is_default)

    def links(self, row: Customer) -> list[Link]:
        return [rows_of("Orders", "orders.order", customer__id__exact=row.pk)]


def _postal(address: Address) -> PostalAddress:
    return PostalAddress(*(getattr(address, field) for field in PostalAddress._fields))
