"""What every consumer does with a message, through Django's ORM: the handler of the kit's project does the same."""

from __future__ import annotations

from typing import Any

from django.db.models import F


def move_stock(data: dict[str, Any]) -> None:
    from benchmarks.project.models import Stock

    Stock.objects.filter(sku=data["sku"]).update(moved=F("moved") + data["quantity"])
