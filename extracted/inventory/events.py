"""The events of the context, which has two publishers: whoever owns the stock of a SKU tells of it (docs/adr/0020).

What the monolith alone tells is read tolerantly: no field more than the service needs.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from strangler.messaging import Event


class StockLevel(Event):
    """What every event about stock tells: the levels in that warehouse afterwards. Available are the difference."""

    sku: str
    warehouse: str
    quantity: int
    on_hand: int
    reserved: int


class StockMoved(StockLevel):
    """Its entry in the stock ledger. Optional, for messages from before it was told."""

    movement: int | None = None
    moved_at: datetime | None = None


class StockReserved(StockLevel, type="inventory.stock_reserved", version=1, aggregate="stock_item", key="sku"):
    """Units are promised: to the order `reference`, or until `expires_at` to a cart."""

    reference: str
    expires_at: datetime | None


class StockReleased(StockLevel, type="inventory.stock_released", version=1, aggregate="stock_item", key="sku"):
    """A promise ended without a delivery, by cancellation or because it expired. Others can have the units."""

    reference: str
    expired: bool


class StockShipped(StockMoved, type="inventory.stock_shipped", version=1, aggregate="stock_item", key="sku"):
    """Promised units have left the warehouse."""

    reference: str


class StockReturned(StockMoved, type="inventory.stock_returned", version=1, aggregate="stock_item", key="sku"):
    """Units a customer sent back are on the shelf again."""

    reference: str


class StockAdjusted(StockMoved, type="inventory.stock_adjusted", version=1, aggregate="stock_item", key="sku"):
    """Somebody counted, received or wrote off units: `quantity` is the difference."""

    reason: str


class StockDispatched(StockMoved, type="inventory.stock_dispatched", version=1, aggregate="stock_item", key="sku"):
    """Units are on their way to another warehouse and count in neither."""

    transfer: str
    destination: str


class StockReceived(StockMoved, type="inventory.stock_received", version=1, aggregate="stock_item", key="sku"):
    """Units of a transfer have arrived."""

    transfer: str
    source: str


class Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class WarehouseTold(Part):
    """As of its `revision`, which is 0 in messages from before changes were numbered."""

    code: str
    name: str
    country: str
    priority: int
    active: bool
    revision: int = 0


class StockPlace(Part):
    """One warehouse's part of a SKU."""

    warehouse: WarehouseTold
    on_hand: int
    reserved: int
    reorder_level: int


class Promise(Part):
    """An active reservation."""

    reference: str
    warehouse: str
    quantity: int
    expires_at: datetime | None


class Arriving(Part):
    """Units of a transfer that have left its source, and count in neither warehouse until they are received."""

    number: str
    source: str
    destination: str
    quantity: int
    dispatched_at: datetime


class StockState(Event):
    """All there is to know of the stock of a SKU."""

    sku: str
    places: tuple[StockPlace, ...]
    promises: tuple[Promise, ...]


class StockTold(StockState, type="inventory.stock_told", version=1, aggregate="stock_item", key="sku"):
    """Told again, for a backfill or a repair. It moves no baton."""


class StockHandedOver(StockState, type="inventory.stock_handed_over", version=1, aggregate="stock_item", key="sku"):
    """From now on `to` owns the stock of the SKU, which has moved `epoch` times."""

    to: Literal["monolith", "service"]
    epoch: int
    arriving: tuple[Arriving, ...] = ()


class StockRecalled(Event, type="inventory.stock_recalled", version=1, aggregate="stock_item", key="sku"):
    """The monolith asks for what it handed over as `epoch`."""

    sku: str
    epoch: int


class WarehouseChanged(Event, type="inventory.warehouse_changed", version=1, aggregate="warehouse", key="code"):
    """All of a warehouse, after the change of that number. Warehouses are the monolith's."""

    code: str
    name: str
    country: str
    priority: int
    active: bool
    revision: int


class ChangeLine(Part):
    """`epoch` is what the asking side believes, in an answer what the answering side knows. 0 units: all promised."""

    sku: str
    quantity: int
    warehouse: str = ""
    epoch: int


class StockChange(Event):
    change: UUID
    kind: Literal["reserve", "release", "ship", "take_back", "adjust"]
    reference: str
    lines: tuple[ChangeLine, ...]


class StockChangeRequested(
    StockChange, type="inventory.stock_change_requested", version=1, aggregate="stock_change", key="reference"
):
    """All lines are done, or none. `instead_of` is a hold that is let go in the same go."""

    instead_of: str = ""
    expires_at: datetime | None = None
    reason: str = ""


class StockChangeDone(
    StockChange, type="inventory.stock_change_done", version=1, aggregate="stock_change", key="reference"
):
    """Lines say what was done where."""


class StockChangeRejected(
    StockChange, type="inventory.stock_change_rejected", version=1, aggregate="stock_change", key="reference"
):
    """`reason` is a text for people."""

    reason: str


class StockChangeRedirected(
    StockChange, type="inventory.stock_change_redirected", version=1, aggregate="stock_change", key="reference"
):
    """Nothing was done: one of the SKUs is not (any more) owned here."""
