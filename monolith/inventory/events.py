from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from strangler.messaging import Event

Side = Literal["monolith", "service"]
Kind = Literal["reserve", "release", "ship", "take_back", "adjust"]


class StockLevel(Event):
    """What every event about stock tells: the levels in that warehouse afterwards.

    All are keyed by SKU, so a copy of the levels only ever moves on, never back in time. Available are
    `on_hand - reserved`.
    """

    sku: str
    warehouse: str
    quantity: int
    on_hand: int
    reserved: int


class StockMoved(StockLevel):
    """What every change of `on_hand` tells besides: its entry in the stock ledger, by which one knows it again."""

    movement: int
    moved_at: datetime


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
    """Somebody counted, received or wrote off units: `quantity` is the difference. Without it a copy would drift."""

    reason: str


class StockDispatched(StockMoved, type="inventory.stock_dispatched", version=1, aggregate="stock_item", key="sku"):
    """Units are on their way to another warehouse and count in neither."""

    transfer: str
    destination: str


class StockReceived(StockMoved, type="inventory.stock_received", version=1, aggregate="stock_item", key="sku"):
    """Units of a transfer have arrived."""

    transfer: str
    source: str


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class WarehouseTold(_Part):
    """As of its `revision`: who knows of a later one leaves this alone. 0: from before changes were numbered."""

    code: str
    name: str
    country: str
    priority: int
    active: bool
    revision: int = 0


class StockPlace(_Part):
    """One warehouse's part of a SKU."""

    warehouse: WarehouseTold
    on_hand: int
    reserved: int
    reorder_level: int


class Promise(_Part):
    """An active reservation: for an order, or until `expires_at` for a cart."""

    reference: str
    warehouse: str
    quantity: int
    expires_at: datetime | None


class Arriving(_Part):
    """Units of a transfer that have left its source, and count in neither warehouse until they are received."""

    number: str
    source: str
    destination: str
    quantity: int
    dispatched_at: datetime


class StockState(Event):
    """All there is to know of a SKU's stock: whoever has a copy may replace it by this."""

    sku: str
    places: tuple[StockPlace, ...]
    promises: tuple[Promise, ...]


class StockTold(StockState, type="inventory.stock_told", version=1, aggregate="stock_item", key="sku"):
    """Told again by its owner, for whoever was not there or got it wrong. Ownership stays where it is."""


class StockHandedOver(StockState, type="inventory.stock_handed_over", version=1, aggregate="stock_item", key="sku"):
    """From now on `to` owns the stock of the SKU: who published this has given it up. `epoch` counts these moves.

    What is `arriving` is received by the monolith, whoever owns the SKU by then: it comes with the baton, never back.
    """

    to: Side
    epoch: int
    arriving: tuple[Arriving, ...] = ()


class StockRecalled(Event, type="inventory.stock_recalled", version=1, aggregate="stock_item", key="sku"):
    """The monolith wants the stock of the SKU back, of which it knows the `epoch`."""

    sku: str
    epoch: int


class WarehouseChanged(Event, type="inventory.warehouse_changed", version=1, aggregate="warehouse", key="code"):
    """There is a new warehouse, or it was changed for the `revision`th time. All of it is told, not what differs."""

    code: str
    name: str
    country: str
    priority: int
    active: bool
    revision: int


class ChangeLine(_Part):
    """`quantity` is signed for "adjust", and 0 for "release" is all that is promised to the reference.

    `warehouse` is empty where the owner chooses; `epoch` is what the asking side believes.
    """

    sku: str
    quantity: int
    warehouse: str = ""
    epoch: int


class StockChange(Event):
    """One change of stock of one or more SKUs, all of it or none. `change` is the same in question and answer.

    Keyed by reference (order number, `cart:<id>`), so that the changes of one order stay in order.
    """

    change: UUID
    kind: Kind
    reference: str
    lines: tuple[ChangeLine, ...]


class StockChangeRequested(
    StockChange, type="inventory.stock_change_requested", version=1, aggregate="stock_change", key="reference"
):
    """Asked of the owner of these SKUs. A reservation may take the place of a hold (`instead_of`) in the same go."""

    instead_of: str = ""
    expires_at: datetime | None = None
    reason: str = ""


class StockChangeDone(
    StockChange, type="inventory.stock_change_done", version=1, aggregate="stock_change", key="reference"
):
    """The lines say in which warehouse."""


class StockChangeRejected(
    StockChange, type="inventory.stock_change_rejected", version=1, aggregate="stock_change", key="reference"
):
    """Nothing of it was done; `reason` is a text for people, which says what is missing."""

    reason: str


class StockChangeRedirected(
    StockChange, type="inventory.stock_change_redirected", version=1, aggregate="stock_change", key="reference"
):
    """Nothing of it was done: whoever was asked does not own one of the SKUs any more."""
