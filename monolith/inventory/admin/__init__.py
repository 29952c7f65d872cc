from monolith.inventory.admin import stock, transfers

__all__ = ["stock", "transfers"]
