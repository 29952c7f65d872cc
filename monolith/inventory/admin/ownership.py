from django.contrib import admin

from monolith.backoffice.pages import Link, ReadOnly, ServiceAdmin, rows_of
from monolith.inventory.models import Ownership


@admin.register(Ownership)
class OwnershipAdmin(ReadOnly, ServiceAdmin):
    """SKUs that have ever moved. `settle_stock` moves them, to where the stage of inventory wants them."""

    list_display = ["sku", "owner", "epoch", "since", "recalled_at"]
    list_filter = ["owner", "since", "recalled_at"]
    search_fields = ["^sku"]
    date_hierarchy = "since"

    def links(self, row: Ownership) -> list[Link]:
        return [rows_of("Stock", "inventory.stockitem", sku__exact=row.sku)]
