from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse

from monolith.backoffice.forms import Reason
from monolith.backoffice.pages import Link, NeverDeleted, Newest, ReadOnly, ServiceAdmin, action, answers, rows_of
from monolith.inventory import services
from monolith.inventory.admin.known import LevelFilter
from monolith.inventory.models import Ownership, Reservation, StockItem, StockMovement
from monolith.inventory.owners import require_own
from monolith.inventory.selectors import with_owners


class Restock(Reason):
    by = forms.IntegerField(min_value=1, label="units received")
    field_order = ["by", "reason"]


class StockForm(forms.ModelForm):
    adjust_by = forms.IntegerField(required=False, help_text="Units received (positive) or written off (negative).")
    reason = forms.CharField(max_length=200, required=False, help_text="Goes into the ledger.")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.instance.pk and not data.get("adjust_by"):
            self.add_error("adjust_by", "How many units are there?")
        if data.get("adjust_by") and not data.get("reason"):
            self.add_error("reason", "Whoever reads the ledger will want to know why.")
        return data


class MovementInline(ReadOnly, admin.TabularInline):
    model = StockMovement
    formset = Newest
    verbose_name_plural = "newest movements"


class ReservationInline(ReadOnly, admin.TabularInline):
    model = Reservation
    formset = Newest
    verbose_name_plural = "newest active reservations"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reservation]:
        return super().get_queryset(request).filter(status=Reservation.Status.ACTIVE)


@admin.register(StockItem)
class StockItemAdmin(NeverDeleted, ServiceAdmin):
    """`on_hand` isn't typed in, it is adjusted: every change needs its entry in the ledger.

    What the service owns is a copy here, to be looked at.
    """

    form = StockForm
    list_display = ["sku", "warehouse", "owner", "on_hand", "reserved", "available", "reorder_level", "updated_at"]
    list_filter = [LevelFilter, "warehouse", "updated_at"]
    list_select_related = ["warehouse"]
    search_fields = ["^sku"]
    date_hierarchy = "updated_at"
    autocomplete_fields = ["warehouse"]
    actions = ["restock"]

    @admin.display(ordering=F("on_hand") - F("reserved"))
    def available(self, item: StockItem) -> int:
        return item.available

    @admin.display(ordering="owner")
    def owner(self, item: StockItem) -> str:
        return item.owner

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockItem]:
        return with_owners(super().get_queryset(request))

    def has_change_permission(self, request: HttpRequest, obj: StockItem | None = None) -> bool:
        here = getattr(obj, "owner", None) != Ownership.Owner.SERVICE
        return here and super().has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: StockItem | None = None) -> list[str]:
        levels = ["owner", "on_hand", "reserved", "available", "updated_at"] if obj else []
        asked = ["adjust_by", "reason"] if self.has_change_permission(request, obj) else []
        return ["sku", "warehouse", *levels, "reorder_level", *asked]

    def get_readonly_fields(self, request: HttpRequest, obj: StockItem | None = None) -> list[str]:
        return ["sku", "warehouse", "owner", "on_hand", "reserved", "available", "updated_at"] if obj else []

    def get_inlines(self, request: HttpRequest, obj: StockItem | None) -> list[Any]:
        return [ReservationInline, MovementInline] if obj else []

    def save_model(self, request: HttpRequest, obj: StockItem, form: Any, change: bool) -> None:
        by, reason = form.cleaned_data["adjust_by"], form.cleaned_data["reason"]
        require_own([obj.sku], f"{obj.sku} can't be changed here")
        if by:
            obj.pk = services.adjust_stock(obj.sku, by=by, reason=reason, warehouse=obj.warehouse).pk
        if "reorder_level" in form.changed_data:
            # Not the levels: they may have moved on while the page was open.
            StockItem.objects.filter(pk=obj.pk).update(reorder_level=obj.reorder_level)

    def links(self, row: StockItem) -> list[Link]:
        return [
            rows_of("All movements", "inventory.stockmovement", item__id__exact=row.pk),
            rows_of("All reservations", "inventory.reservation", item__id__exact=row.pk),
        ]

    @action("Restock", needs="inventory.change_stockitem")
    def restock(self, request: HttpRequest, queryset: QuerySet[StockItem]) -> HttpResponse | None:
        return self.ask(request, queryset, Restock(answers(request)), _restock, "Restocked")


def _restock(item: StockItem, by: int, reason: str) -> StockItem:
    require_own([item.sku], f"{item.sku} can't be restocked here")
    return services.adjust_stock(item.sku, by=by, reason=reason, warehouse=item.warehouse)


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnly, ServiceAdmin):
    list_display = ["created_at", "item", "quantity", "reason", "reference"]
    list_filter = ["reason", "item__warehouse", "created_at"]
    list_select_related = ["item__warehouse"]
    search_fields = ["^item__sku", "^reference"]
    date_hierarchy = "created_at"


@admin.register(Reservation)
class ReservationAdmin(ReadOnly, ServiceAdmin):
    """Made by a checkout, ended by a shipment, a cancellation or its expiry."""

    list_display = ["reference", "item", "quantity", "status", "expires_at", "created_at"]
    list_filter = ["status", "item__warehouse", "created_at"]
    list_select_related = ["item__warehouse"]
    search_fields = ["^reference", "^item__sku"]
    date_hierarchy = "created_at"
