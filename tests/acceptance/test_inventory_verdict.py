"""The verdict of the inventory tour finds what is lost, doubled or oversold, and names the claim that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from devstack.tours.inventory.evidence import Before, Evidence, Level, Payment
from devstack.tours.inventory.journal import Bought, Journal
from devstack.tours.inventory.verdict import judge

SKU = "MUG"
Change = Callable[[Evidence], Evidence]


def bought(number: str, units: int, status: str, **more: Any) -> Bought:
    return Bought(number, {SKU: units}, "9.00", status, since=0.0, was_pending=True, waited=1.0, **more)


def on_both(value: Any) -> dict[str, Any]:
    return {"shop": value, "inventory": value}


@pytest.fixture
def good() -> Evidence:
    """10 units put in: 2 are promised to A, 3 went out for B, C is cancelled, and D was refused."""
    orders = [
        bought("A", 2, "placed"),
        bought("B", 3, "shipped", shipped=True),
        bought("C", 1, "cancelled"),
        bought("D", 9, "cancelled", code="out_of_stock"),
    ]
    journal = Journal(orders={order.number: order for order in orders})
    journal.refusals["out_of_stock"] = 1
    paid, back = (
        Payment("captured", *map(Decimal, ("9.00", "9.00", "0"))),
        Payment("voided", Decimal(9), *[Decimal()] * 2),
    )
    return Evidence(
        journal=journal,
        before=Before({SKU: 10}, last_order=0),
        orders={"A": ("placed", ""), "B": ("shipped", ""), "C": ("cancelled", ""), "D": ("cancelled", "out_of_stock")},
        levels=on_both({SKU: Level(on_hand=7, reserved=2)}),
        ledger=on_both({SKU: (7, 2)}),
        departures=on_both({("B", SKU): (3, 1)}),
        promises=on_both({("A", SKU): 2}),
        batons=on_both({SKU: ("service", 3)}),
        sagas={"completed": 3, "compensated": 1},
        changes={("reserve", "done"): 3, ("reserve", "rejected"): 1},
        answers={"done": 3, "rejected": 1, "redirected": 1},
        shadow=(50, 0),
        payments={"A": paid, "B": paid, "C": back},
        leftovers=[],
    )


def test_all_of_it_holds_where_nothing_is_wrong(good: Evidence) -> None:
    assert [finding.faults for finding in judge(good) if not finding.holds] == []
    assert any("10 units put in = 7 left + 3 sold and sent out - 0 sent back" in each.claim for each in judge(good))


def at_the_service(**changed: Any) -> Change:
    def change(evidence: Evidence) -> Evidence:
        return replace(evidence, **{name: {**getattr(evidence, name), "inventory": it} for name, it in changed.items()})

    return change


def told(number: str, **fields: Any) -> Change:
    def change(evidence: Evidence) -> Evidence:
        for name, value in fields.items():
            setattr(evidence.journal.orders[number], name, value)
        return evidence

    return change


@pytest.mark.parametrize(
    ("change", "claim", "fault"),
    [
        (lambda e: replace(e, orders={**e.orders, "A": ("cancelled", "")}), "none lost", "the API said placed"),
        (lambda e: replace(e, orders={k: v for k, v in e.orders.items() if k != "A"}), "none lost", "order A is lost"),
        (lambda e: replace(e, orders={**e.orders, "X": ("placed", "")}), "none doubled", "the API told nobody"),
        (
            lambda e: replace(e, orders={**e.orders, "X": ("cancelled", "no_answer")}),
            "none doubled",
            "only 0 were told so",
        ),
        (told("A", status="pending"), "left hanging", "order A is pending still"),
        (told("A", waited=99.0), "left hanging", "after 99 s"),
        (at_the_service(levels={SKU: Level(6, 2)}), "never oversold", "6 on hand, it should be 7"),
        (at_the_service(promises={("A", SKU): 4}), "units promised", "4 promised, it should be 2"),
        (at_the_service(promises={}), "units promised", "0 promised, it should be 2"),
        (at_the_service(levels={SKU: Level(7, 3)}), "units promised", "3 reserved, 2 promised"),
        (at_the_service(ledger={SKU: (6, 2)}), "ledger entries", "the ledger says 6"),
        (at_the_service(departures={("B", SKU): (6, 2)}), "ledger entries", "(6, 2)"),
        (at_the_service(departures={("B", SKU): (3, 1), ("A", SKU): (2, 1)}), "ledger entries", "nobody sent it"),
        (
            lambda e: replace(e, payments={**e.payments, "A": e.payments["C"]._replace(authorised=Decimal(1))}),
            "paid",
            "1",
        ),
        (lambda e: replace(e, payments={**e.payments, "C": e.payments["A"]}), "no money", "its payment is captured"),
        (at_the_service(batons={SKU: ("monolith", 2)}), "one owner each", "('service', 3)"),
        (lambda e: replace(e, changes={("ship", "rejected"): 1}), "none is open", "1 of kind ship were rejected"),
        (lambda e: replace(e, changes={("reserve", "asked"): 1}), "none is open", "1 of kind reserve are asked"),
        (lambda e: replace(e, answers={"waiting": 1}), "none is open", "1 wait in the service"),
        (lambda e: replace(e, sagas={"stuck": 1}), "none stuck", "1 are stuck"),
        (lambda e: replace(e, shadow=(50, 1)), "in the shadow", "1 of 50 differ"),
        (lambda e: replace(e, leftovers=["2 events"]), "queues are empty", "2 events"),
    ],
)
def test_what_is_wrong_is_found_and_named(good: Evidence, change: Change, claim: str, fault: str) -> None:
    findings = judge(change(good))
    [named] = [finding for finding in findings if claim in finding.claim]
    assert any(fault in each for each in named.faults), named.faults
