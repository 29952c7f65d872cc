from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from extracted.inventory import services
from extracted.inventory.admin.pages import NeverDeleted, ServiceAdmin
from extracted.inventory.models import Transfer, TransferLine


class TransferForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("source") and data["source"] == data.get("destination"):
            self.add_error("destination", "A transfer goes to another warehouse.")
        return data


class LineInline(NeverDeleted, admin.TabularInline):
    model = TransferLine
    extra = 2
    min_num = 1

    def get_formset(self, request: HttpRequest, obj: Transfer | None = None, **options: Any) -> Any:
        return super().get_formset(request, obj, validate_min=True, **options)

    def has_add_permission(self, request: HttpRequest, obj: Transfer | None = None) -> bool:
        return obj is None and super().has_add_permission(request, obj)

    def has_change_permission(self, _request: HttpRequest, _obj: Transfer | None = None) -> bool:
        return False


@admin.register(Transfer)
class TransferAdmin(ServiceAdmin):
    """Planned here, and moved on by the actions. A plan that was wrong is cancelled, and made anew."""

    form = TransferForm
    list_display = ["number", "source", "destination", "status", "created_at", "dispatched_at", "received_at"]
    list_filter = ["status", "source", "destination", "created_at"]
    list_select_related = ["source", "destination"]
    search_fields = ["^number", "^lines__sku"]
    inlines = [LineInline]
    actions = ["dispatch_transfer", "receive", "cancel"]

    def get_fields(self, request: HttpRequest, obj: Transfer | None = None) -> list[str]:
        return [field.name for field in self.opts.fields if field.name != "id"] if obj else ["source", "destination"]

    def has_change_permission(self, _request: HttpRequest, _obj: Transfer | None = None) -> bool:
        return False

    def has_move_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("inventory.change_transfer")

    def save_model(self, request: HttpRequest, obj: Transfer, form: Any, change: bool) -> None:
        """With its lines, in save_formset."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        quantities = {line.sku: line.quantity for line in formset.save(commit=False)}
        planned = services.plan_transfer(form.instance.source, form.instance.destination, quantities)
        form.instance.pk, form.instance.number = planned.pk, planned.number

    @admin.action(description="Dispatch: the units leave their warehouse", permissions=["move"])
    def dispatch_transfer(self, request: HttpRequest, queryset: QuerySet[Transfer]) -> None:
        self.apply(request, queryset, services.dispatch_transfer, "Dispatched")

    @admin.action(description="Receive: the units have arrived", permissions=["move"])
    def receive(self, request: HttpRequest, queryset: QuerySet[Transfer]) -> None:
        self.apply(request, queryset, services.receive_transfer, "Received")

    @admin.action(description="Cancel", permissions=["move"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Transfer]) -> None:
        self.apply(request, queryset, services.cancel_transfer, "Cancelled")
