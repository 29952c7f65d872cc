from extracted.inventory.models.changes import StockChange
from extracted.inventory.models.ownership import Owner, Ownership
from extracted.inventory.models.shadow import ShadowOutcome
from extracted.inventory.models.stock import Reservation, StockItem, StockMovement, Warehouse
from extracted.inventory.models.transfers import Transfer, TransferLine

__all__ = [
    "Owner",
    "Ownership",
    "Reservation",
    "ShadowOutcome",
    "StockChange",
    "StockItem",
    "StockMovement",
    "Transfer",
    "TransferLine",
    "Warehouse",
]
