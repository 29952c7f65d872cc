from django.db.models import QuerySet

from monolith.inventory.models import StockItem


def stock_levels() -> QuerySet[StockItem]:
    return StockItem.objects.order_by("sku")
