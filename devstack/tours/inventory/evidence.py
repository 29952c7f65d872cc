"""What both databases and the broker hold in the end, when nothing is on its way any more."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from devstack.postgres import EmbeddedPostgres
from devstack.tours.inventory.journal import Journal

BOTH = ("shop", "inventory")
NAMES = {"shop": "the monolith", "inventory": "the service"}
_LAST_ORDER = "SELECT coalesce(max(id), 0) FROM orders_order"
_ORDERS = "SELECT number, status, cancel_code FROM orders_order WHERE id > %s"
_LEVELS = "SELECT sku, sum(on_hand)::int, sum(reserved)::int FROM inventory_stockitem GROUP BY sku"
_LEDGER = """
    SELECT i.sku, sum(m.quantity)::int, count(*) FROM inventory_stockmovement m
    JOIN inventory_stockitem i ON i.id = m.item_id GROUP BY i.sku
"""
_DEPARTURES = """
    SELECT m.reference, i.sku, -sum(m.quantity)::int, count(*) FROM inventory_stockmovement m
    JOIN inventory_stockitem i ON i.id = m.item_id WHERE m.reason = 'shipped' GROUP BY m.reference, i.sku
"""
_PROMISES = """
    SELECT r.reference, i.sku, sum(r.quantity)::int FROM inventory_reservation r
    JOIN inventory_stockitem i ON i.id = r.item_id WHERE r.status = 'active' GROUP BY r.reference, i.sku
"""
_BATONS = "SELECT sku, owner, epoch FROM inventory_ownership WHERE epoch > 0"  # 0: never moved, which needs no row
_SAGAS = "SELECT status, count(*) FROM strangler_saga GROUP BY status"
_CHANGES = "SELECT kind, status, count(*) FROM inventory_change GROUP BY kind, status"
_ANSWERS = "SELECT status, count(*) FROM inventory_stockchange GROUP BY status"
_SHADOW = "SELECT count(*), count(*) FILTER (WHERE cause <> '') FROM inventory_shadowoutcome"
_PAYMENTS = "SELECT order_number, status, authorised, captured, refunded FROM payments_payment"
_PENDING = "SELECT count(*) FROM strangler_outbox WHERE relayed_at IS NULL"
_PARKED = "SELECT consumer_group, key, type, status, error FROM strangler_parked_message WHERE status <> 'discarded'"


class Level(NamedTuple):
    on_hand: int
    reserved: int


class Payment(NamedTuple):
    status: str
    authorised: Decimal
    captured: Decimal
    refunded: Decimal


@dataclass(frozen=True)
class Before:
    """How it stood before the first customer came: units on hand by SKU, and the last order of the past."""

    on_hand: Mapping[str, int]
    last_order: int


@dataclass(frozen=True)
class Evidence:
    """Of two sides under "shop" and "inventory"."""

    journal: Journal
    before: Before
    orders: Mapping[str, tuple[str, str]]
    levels: Mapping[str, Mapping[str, Level]]
    ledger: Mapping[str, Mapping[str, tuple[int, int]]]
    departures: Mapping[str, Mapping[tuple[str, str], tuple[int, int]]]
    promises: Mapping[str, Mapping[tuple[str, str], int]]
    batons: Mapping[str, Mapping[str, tuple[str, int]]]
    sagas: Mapping[str, int]
    changes: Mapping[tuple[str, str], int]
    answers: Mapping[str, int]
    shadow: tuple[int, int]
    payments: Mapping[str, Payment]
    leftovers: list[str]


def before(postgres: EmbeddedPostgres) -> Before:
    on_hand = {sku: units for sku, units, _ in _rows(postgres, "shop", _LEVELS)}
    return Before(on_hand, _rows(postgres, "shop", _LAST_ORDER)[0][0])


def gather(postgres: EmbeddedPostgres, journal: Journal, at_first: Before, queued: list[str]) -> Evidence:
    """`queued` is what waits in the broker."""

    def of_both(query: str, read: Any) -> dict[str, Any]:
        return {side: dict(map(read, _rows(postgres, side, query))) for side in BOTH}

    shop = "shop"
    return Evidence(
        journal=journal,
        before=at_first,
        orders={row[0]: (row[1], row[2]) for row in _rows(postgres, shop, _ORDERS, [at_first.last_order])},
        levels=of_both(_LEVELS, lambda row: (row[0], Level(*row[1:]))),
        ledger=of_both(_LEDGER, lambda row: (row[0], row[1:])),
        departures=of_both(_DEPARTURES, lambda row: (row[:2], row[2:])),
        promises=of_both(_PROMISES, lambda row: (row[:2], row[2])),
        batons={side: batons(postgres, side) for side in BOTH},
        sagas=dict(_rows(postgres, shop, _SAGAS)),
        changes={row[:2]: row[2] for row in _rows(postgres, shop, _CHANGES)},
        answers=dict(_rows(postgres, "inventory", _ANSWERS)),
        shadow=_rows(postgres, "inventory", _SHADOW)[0],
        payments={row[0]: Payment(*row[1:]) for row in _rows(postgres, shop, _PAYMENTS)},
        leftovers=[*leftovers(postgres), *queued],
    )


def leftovers(postgres: EmbeddedPostgres) -> list[str]:
    """What is not relayed yet, not handled yet, or has been given up."""
    found = []
    for side in BOTH:
        if pending := _rows(postgres, side, _PENDING)[0][0]:
            found.append(f"{pending} events in the outbox of {NAMES[side]} were never relayed")
        for group, key, kind, status, error in _rows(postgres, side, _PARKED):
            reason = (error.strip().splitlines() or ["it waits behind another one"])[-1]
            found.append(f"{kind} of {key} is {status} for group {group}: {reason}")
    return found


def skus(postgres: EmbeddedPostgres) -> list[str]:
    return [row[0] for row in _rows(postgres, "shop", "SELECT DISTINCT sku FROM inventory_stockitem")]


def batons(postgres: EmbeddedPostgres, side: str) -> dict[str, tuple[str, int]]:
    """Owner and number of moves by SKU, as a side knows them."""
    return {row[0]: row[1:] for row in _rows(postgres, side, _BATONS)}


def _rows(postgres: EmbeddedPostgres, database: str, query: str, parameters: list[Any] | None = None) -> list[Any]:
    with postgres.connect(database) as connection:
        return connection.execute(query, parameters).fetchall()
