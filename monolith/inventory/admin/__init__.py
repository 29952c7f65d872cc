from monolith.inventory.admin import ownership, stock, transfers

__all__ = ["ownership", "stock", "transfers"]
