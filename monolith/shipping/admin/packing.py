from django.contrib import admin

from monolith.backoffice.pages import Link, ReadOnly, ServiceAdmin, rows_of
from monolith.shipping.models import PackingJob


@admin.register(PackingJob)
class PackingJobAdmin(ReadOnly, ServiceAdmin):
    """Kept by events, where they flow: the consumer group is `shipping`. Packed by the action on the order."""

    list_display = ["order_number", "status", "opened_at", "ended_at"]
    list_filter = ["status", "opened_at"]
    search_fields = ["^order_number"]
    date_hierarchy = "opened_at"

    def links(self, row: PackingJob) -> list[Link]:
        return [rows_of("Order", "orders.order", number__exact=row.order_number)]
