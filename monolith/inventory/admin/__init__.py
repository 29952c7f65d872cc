from monolith.inventory.admin import changes, known, ownership, stock, transfers, warehouses

__all__ = ["changes", "known", "ownership", "stock", "transfers", "warehouses"]
