"""What a run has left behind, read straight from the servers once everything has come to rest."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from devstack.chaos.expected import Expected
from devstack.chaos.servers import OF_SERVICES
from devstack.chaos.world import World
from devstack.chaos.writes import Write, read
from devstack.shop import mailbox

_HEARD = """
    SELECT id, message_id, correlation_id, type, key, figure, email, warehouse, on_hand, reserved, read_as
    FROM auditor_heard ORDER BY id
"""
_MAILS = "SELECT id, cause, order_number, template, address, status, message_id FROM notifications_email ORDER BY id"
_PARKED = "SELECT type, key, status, attempts, error FROM strangler_parked_message"
_PAYMENTS = """
    SELECT o.number, o.status, o.total, p.authorised, p.captured, p.refunded,
        coalesce(sum(amount) FILTER (WHERE kind = 'authorised'), 0),
        coalesce(sum(amount) FILTER (WHERE kind = 'captured'), 0),
        coalesce(sum(amount) FILTER (WHERE kind = 'refunded'), 0)
    FROM orders_order o LEFT JOIN payments_payment p ON p.order_number = o.number
    LEFT JOIN payments_ledgerentry e ON e.payment_id = p.id GROUP BY o.id, p.id
"""
_STOCK = """
    SELECT i.sku, w.code, i.on_hand, i.reserved,
        (SELECT coalesce(sum(quantity), 0) FROM inventory_stockmovement m WHERE m.item_id = i.id),
        (SELECT coalesce(sum(quantity), 0) FROM inventory_reservation r WHERE r.item_id = i.id AND status = 'active')
    FROM inventory_stockitem i JOIN inventory_warehouse w ON w.id = i.warehouse_id
"""
_PENDING = "SELECT count(*) FROM strangler_outbox WHERE relayed_at IS NULL"


class Heard(NamedTuple):
    """One run of the auditor's handler; `id` is the order in which they ran."""

    id: int
    message_id: UUID
    correlation_id: str
    type: str
    key: str
    figure: Decimal | None
    email: str
    warehouse: str
    on_hand: int | None
    reserved: int | None
    read_as: int


class Mail(NamedTuple):
    id: int
    cause: str
    order: str
    template: str
    address: str
    status: str
    message_id: str


class Account(NamedTuple):
    """An order with its payment, and the payment's ledger beside it."""

    number: str
    status: str
    total: Decimal
    authorised: Decimal | None
    captured: Decimal | None
    refunded: Decimal | None
    ledger_authorised: Decimal
    ledger_captured: Decimal
    ledger_refunded: Decimal


class Shelf(NamedTuple):
    """The levels of one SKU in one warehouse, and what ledger and reservations say that they should be."""

    sku: str
    warehouse: str
    on_hand: int
    reserved: int
    moved: int
    promised: int


@dataclass(frozen=True)
class Evidence:
    """`shelves_before`: as they were when the load began. `mailbox` counts each Message-ID that was sent."""

    writes: Sequence[Write]
    heard: Sequence[Heard]
    mails: Sequence[Mail]
    mailbox: Counter[str]
    accounts: Sequence[Account]
    shelves: Sequence[Shelf]
    shelves_before: Sequence[Shelf]
    parked: Sequence[tuple[str, str, str, int, str]]
    pending: int
    backlog: Mapping[str, int]


class Progress(NamedTuple):
    """How far everything has come."""

    pending: int
    parked: int
    unsent: int
    heard: int
    mails: int

    def arrived(self, expected: Expected) -> bool:
        still = self.pending + self.parked + self.unsent
        return not still and self.heard >= expected.facts and self.mails >= expected.mails.total()

    def told(self, expected: Expected) -> str:
        return (
            f"{self.pending} pending, {self.heard} of {expected.facts} events handled, "
            f"{self.mails} of {expected.mails.total()} e-mails written, {self.unsent} unsent, {self.parked} parked"
        )


class Witness:
    """Reads as the superuser of each server, by no proxy. Not while a server is down."""

    def __init__(self, world: World) -> None:
        self._world = world

    def progress(self) -> Progress:
        unsent = self._services("notifications", "SELECT count(*) FROM notifications_email WHERE status <> 'sent'")
        parked = sum(len(self._services(name, _PARKED)) for name in OF_SERVICES)
        heard = self._services("auditor", "SELECT count(*) FROM auditor_heard")
        mails = self._services("notifications", "SELECT count(*) FROM notifications_email")
        return Progress(self._shop(_PENDING)[0][0], parked, unsent[0][0], heard[0][0], mails[0][0])

    def shelves(self) -> Sequence[Shelf]:
        return [Shelf(*row) for row in self._shop(_STOCK)]

    def evidence(self, log: Path, before: Sequence[Shelf], backlog: Mapping[str, int]) -> Evidence:
        return Evidence(
            writes=read(log),
            heard=[Heard(*row) for row in self._services("auditor", _HEARD)],
            mails=[Mail(*row) for row in self._services("notifications", _MAILS)],
            mailbox=mailbox.delivered(self._world.workspace.mail / "notifications"),
            accounts=[Account(*row) for row in self._shop(_PAYMENTS)],
            shelves=self.shelves(),
            shelves_before=before,
            parked=[row for name in OF_SERVICES for row in self._services(name, _PARKED)],
            pending=self._shop(_PENDING)[0][0],
            backlog=backlog,
        )

    def _shop(self, query: LiteralString) -> list[Any]:
        with self._world.servers.shop.connect("shop") as connection:
            return connection.execute(query).fetchall()

    def _services(self, name: str, query: LiteralString) -> list[Any]:
        with self._world.servers.services.connect(name) as connection:
            return connection.execute(query).fetchall()
