from django.contrib import admin

from monolith.backoffice.pages import ReadOnly, ServiceAdmin
from monolith.reporting.models import DailySales


@admin.register(DailySales)
class DailySalesAdmin(ReadOnly, ServiceAdmin):
    """Counted from the orders; the sales dashboard draws it."""

    list_display = ["day", "currency", "orders", "revenue"]
    list_filter = ["currency", "day"]
    search_fields = ["currency"]
    date_hierarchy = "day"
    change_list_template = "backoffice/daily_sales.html"
