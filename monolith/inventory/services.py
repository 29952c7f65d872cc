"""The use cases of the stock, in one place for whoever calls them."""

from monolith.inventory.choosing import release, request, ship, take_back
from monolith.inventory.reservations import claim_hold, release_expired, reserve
from monolith.inventory.shelves import adjust_stock, note_loss
from monolith.inventory.transfers import cancel_transfer, dispatch_transfer, plan_transfer, receive_transfer
from monolith.inventory.warehouses import save_warehouse

__all__ = [
    "adjust_stock",
    "cancel_transfer",
    "claim_hold",
    "dispatch_transfer",
    "note_loss",
    "plan_transfer",
    "receive_transfer",
    "release",
    "release_expired",
    "request",
    "reserve",
    "save_warehouse",
    "ship",
    "take_back",
]
