from extracted.inventory.admin import records, stock, transfers

__all__ = ["records", "stock", "transfers"]
