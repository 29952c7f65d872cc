"""What both databases and the broker hold in the end, when nothing is on its way any more."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from devstack.postgres import EmbeddedPostgres
from devstack.tours import asking
from devstack.tours.asking import LAST_ORDER, ORDERS, SAGAS, rows
from devstack.tours.inventory.journal import Journal

BOTH = ("shop", "inventory")
NAMES = {"shop": "the monolith", "inventory": "the service"}
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
_CHANGES = "SELECT kind, status, count(*) FROM inventory_change GROUP BY kind, status"
_OPEN = "SELECT count(*) FROM inventory_change WHERE status NOT IN ('done', 'rejected')"
_ANSWERS = "SELECT status, count(*) FROM inventory_stockchange GROUP BY status"
_SHADOW = "SELECT count(*), count(*) FILTER (WHERE cause <> '') FROM inventory_shadowoutcome"
_PAYMENTS = "SELECT order_number, status, authorised, captured, refunded FROM payments_payment"


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
    on_hand = {sku: units for sku, units, _ in rows(postgres, "shop", _LEVELS)}
    return Before(on_hand, rows(postgres, "shop", LAST_ORDER)[0][0])


def gather(postgres: EmbeddedPostgres, journal: Journal, at_first: Before, queued: list[str]) -> Evidence:
    """`queued` is what waits in the broker."""

    def of_both(query: str, read: Any) -> dict[str, Any]:
        return {side: dict(map(read, rows(postgres, side, query))) for side in BOTH}

    shop = "shop"
    return Evidence(
        journal=journal,
        before=at_first,
        orders={row[0]: (row[1], row[2]) for row in rows(postgres, shop, ORDERS, [at_first.last_order])},
        levels=of_both(_LEVELS, lambda row: (row[0], Level(*row[1:]))),
        ledger=of_both(_LEDGER, lambda row: (row[0], row[1:])),
        departures=of_both(_DEPARTURES, lambda row: (row[:2], row[2:])),
        promises=of_both(_PROMISES, lambda row: (row[:2], row[2])),
        batons={side: batons(postgres, side) for side in BOTH},
        sagas=dict(rows(postgres, shop, SAGAS)),
        changes={row[:2]: row[2] for row in rows(postgres, shop, _CHANGES)},
        answers=dict(rows(postgres, "inventory", _ANSWERS)),
        shadow=rows(postgres, "inventory", _SHADOW)[0],
        payments={row[0]: Payment(*row[1:]) for row in rows(postgres, shop, _PAYMENTS)},
        leftovers=[*leftovers(postgres), *queued],
    )


def changes_open(postgres: EmbeddedPostgres) -> int:
    """Changes of stock that wait for an answer."""
    return int(rows(postgres, "shop", _OPEN)[0][0])


def leftovers(postgres: EmbeddedPostgres) -> list[str]:
    return asking.leftovers(postgres, NAMES)


def skus(postgres: EmbeddedPostgres) -> list[str]:
    return [row[0] for row in rows(postgres, "shop", "SELECT DISTINCT sku FROM inventory_stockitem")]


def batons(postgres: EmbeddedPostgres, side: str) -> dict[str, tuple[str, int]]:
    """Owner and number of moves by SKU, as a side knows them."""
    return {row[0]: row[1:] for row in rows(postgres, side, _BATONS)}
