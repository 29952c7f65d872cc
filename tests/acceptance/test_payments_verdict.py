"""The verdict of the payments tour finds what is charged twice, or for nothing, and names the claim that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from devstack.tours.inventory.journal import Bought, Journal
from devstack.tours.payments.evidence import Books, Evidence, Payment, Stream, by_order, taken
from devstack.tours.payments.gateway import Movement
from devstack.tours.payments.verdict import judge

Change = Callable[[Evidence], Evidence]
NINE, ONE = Decimal("9.00"), Decimal("1.00")


def bought(number: str, status: str, **more: Any) -> Bought:
    return Bought(number, {"MUG": 1}, "9.00", status, since=0.0, was_pending=True, waited=1.0, **more)


def moved(order: str, *moves: tuple[str, Decimal], authorisation: str = "") -> list[Movement]:
    return [Movement(kind, authorisation or f"auth_{order}", order, amount) for kind, amount in moves]


def posted(order: str, version: int, **amounts: int) -> frozenset[Any]:
    return frozenset((order, version, account, "EUR", Decimal(amount)) for account, amount in amounts.items())


@pytest.fixture
def good() -> Evidence:
    """A is to be paid on shipment, B is shipped and 1 was given back, C is cancelled, and the bank declined D."""
    orders = [
        bought("A", "placed"),
        bought("B", "shipped", shipped=True, refunded=ONE),
        bought("C", "cancelled"),
        bought("D", "cancelled", code="payment_declined"),
    ]
    journal = Journal(orders={order.number: order for order in orders})
    journal.refusals["payment_declined"] = 1
    payments = {
        "A": Payment("authorised", NINE, Decimal(0), Decimal(0)),
        "B": Payment("partially_refunded", NINE, NINE, ONE),
        "C": Payment("refunded", NINE, NINE, NINE),
    }
    postings = posted("A", 1, receivable=9, authorised=-9) | posted("B", 1, cash=9, sales=-9)
    balances = {(account, "EUR"): amount for _, _, account, _, amount in postings}
    return Evidence(
        journal=journal,
        orders={
            "A": ("placed", ""),
            "B": ("shipped", ""),
            "C": ("cancelled", ""),
            "D": ("cancelled", "payment_declined"),
        },
        taken=taken(
            [
                *moved("A", ("authorise", NINE)),
                *moved("B", ("authorise", NINE), ("capture", NINE), ("refund", ONE)),
                *moved("C", ("authorise", NINE), ("capture", NINE), ("refund", NINE)),
            ]
        ),
        payments={"shop": payments, "payments": payments},
        batons={"shop": {"A": ("service", 1)}, "payments": {"A": ("service", 1)}},
        requests={("charge", "done"): 2, ("charge", "refused"): 1, ("refund", "done"): 2},
        answers={"done": 4, "refused": 1, "redirected": 1},
        calls={"done": (5, 6), "refused": (1, 1)},
        sagas={"completed": 3, "compensated": 1},
        shadow=(50, 0),
        books=Books(postings, balances, balances, postings),
        streams={"A": Stream(5, 1, 5, 5)},
        payers={"often@example.com": 20, "seldom@example.com": 2},
        flagged=frozenset({"often@example.com"}),
    )


def test_all_of_it_holds_where_nothing_is_wrong(good: Evidence) -> None:
    assert [finding.faults for finding in judge(good) if not finding.holds] == []
    assert any(each.claim.startswith("2 orders were charged exactly once") for each in judge(good))


def also(*more: Movement) -> Change:
    return lambda evidence: replace(evidence, taken=[*evidence.taken, *taken(more)])


def instead(order: str, *moves: tuple[str, Decimal]) -> Change:
    def change(evidence: Evidence) -> Evidence:
        kept = [each for number, some in by_order(evidence.taken).items() if number != order for each in some]
        return replace(evidence, taken=[*kept, *taken(moved(order, *moves))])

    return change


def at_the_service(name: str, **changed: Any) -> Change:
    def change(evidence: Evidence) -> Evidence:
        both = getattr(evidence, name)
        return replace(evidence, **{name: {**both, "payments": {**both["payments"], **changed}}})

    return change


def books(**changed: Any) -> Change:
    return lambda evidence: replace(evidence, books=replace(evidence.books, **changed))


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
        (told("A", status="pending"), "left hanging", "order A is pending still"),
        (told("A", waited=99.0), "left hanging", "after 99 s"),
        (also(*moved("A", ("authorise", NINE), authorisation="twice")), "exactly once", "charged 2 times"),
        (instead("A"), "exactly once", "charged 0 times"),
        (instead("B", ("authorise", NINE)), "exactly once", "has authorised 9.00"),
        (instead("A", ("authorise", ONE)), "exactly once", "has authorised 1.00"),
        (instead("A", ("authorise", NINE), ("void", NINE)), "exactly once", "voided 9.00"),
        (instead("C", ("authorise", NINE), ("capture", NINE)), "keeps nothing", "captured 9.00"),
        (instead("C", ("authorise", NINE)), "keeps nothing", "order C is cancelled"),
        (instead("C", ("authorise", NINE), ("capture", NINE), ("refund", ONE)), "keeps nothing", "refunded 1.00"),
        (also(*moved("", ("authorise", NINE))), "keeps nothing", "order unknown is not the shop's"),
        (also(*moved("D", ("authorise", NINE))), "keeps nothing", "order D is cancelled"),
        (told("B", refunded=Decimal(2)), "given back", "1.00 given back, the API said 2"),
        (at_the_service("payments", A=Payment("captured", NINE, NINE, Decimal(0))), "row by row", "A: the monolith"),
        (instead("A", ("authorise", NINE), ("capture", NINE)), "row by row", "the gateway has authorised 9.00"),
        (books(postings=posted("A", 1, cash=9)), "books balance", "event 1 of A leaves 9 over"),
        (books(balances={("cash", "EUR"): Decimal(8)}), "books balance", "its balance is 8"),
        (books(derived={("cash", "EUR"): Decimal(8)}), "books balance", "the payments make 8"),
        (books(before=posted("A", 2, cash=9)), "posting by posting", "is missing"),
        (lambda e: replace(e, streams={"A": Stream(5, 1, 6, 6)}), "no gap", "last=6"),
        (lambda e: replace(e, streams={"A": Stream(5, 1, 5, 4)}), "no gap", "told=4"),
        (at_the_service("batons", A=("monolith", 2)), "one owner each", "('service', 1)"),
        (lambda e: replace(e, shadow=(50, 1)), "in the shadow", "1 of 50 differ"),
        (lambda e: replace(e, flagged=frozenset({"seldom@example.com"})), "pointed out", "often@example.com paid 20"),
        (lambda e: replace(e, flagged=frozenset({"seldom@example.com"})), "pointed out", "with 2 payments"),
        (lambda e: replace(e, requests={("charge", "open"): 1}), "none is open", "1 to charge are open"),
        (lambda e: replace(e, requests={("refund", "refused"): 1}), "none is open", "1 to refund were refused"),
        (lambda e: replace(e, answers={"queued": 1}), "none is open", "1 are queued in the service"),
        (lambda e: replace(e, calls={"due": (1, 3)}), "none is open", "1 calls of the gateway are due"),
        (lambda e: replace(e, sagas={"stuck": 1}), "none stuck", "1 are stuck"),
        (lambda e: replace(e, leftovers=["2 events"]), "queues are empty", "2 events"),
    ],
)
def test_what_is_wrong_is_found_and_named(good: Evidence, change: Change, claim: str, fault: str) -> None:
    findings = judge(change(good))
    [named] = [finding for finding in findings if claim in finding.claim]
    assert any(fault in each for each in named.faults), named.faults
