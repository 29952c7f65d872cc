"""The checker must not be a formality: each thing that can go wrong is planted once, and found by the right check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from devstack.chaos.checks import judge
from devstack.chaos.evidence import Evidence
from devstack.chaos.expected import CANCELLED, CAPTURED, GIVEN_BACK, PLACED, RESERVED
from devstack.chaos.writes import ACKNOWLEDGED, ORDER, REFUSED, Write, WriteLog, read
from tests.chaos.sound import EMAIL, placed, sound

EVENTS, DOUBLES, PHANTOMS = "events were handled", "handled twice", "rolled back"
ORDER_KEPT, LEVELS, MAILS = "order kept", "follows from the one before", "e-mails written"
DURABLE, BOOKS, STOCK = "acknowledged writes are in the shop", "payments, their ledger", "stock, its ledger"
ANSWERED, LEFTOVERS = "have their answer", "nothing is pending"
Plant = Callable[[Evidence], Evidence]


def lost(kind: str) -> Plant:
    def plant(good: Evidence) -> Evidence:
        first = next(each for each in good.heard if each.type == kind)
        return replace(good, heard=[each for each in good.heard if each != first])

    return plant


def doubled(kind: str) -> Plant:
    def plant(good: Evidence) -> Evidence:
        first = next(each for each in good.heard if each.type == kind)
        return replace(good, heard=[*good.heard, first._replace(id=999)])

    return plant


def published_twice(good: Evidence) -> Evidence:
    """Not the same message again: another one that says the same."""
    first = next(each for each in good.heard if each.type == CAPTURED)
    return replace(good, heard=[*good.heard, first._replace(id=999, message_id=UUID(int=999))])


def handled_in_the_wrong_order(good: Evidence) -> Evidence:
    cancelled = next(each for each in good.heard if each.type == CANCELLED)
    others = [each for each in good.heard if each != cancelled]
    return replace(good, heard=[cancelled, *others])


def refunds_handled_in_the_wrong_order(good: Evidence) -> Evidence:
    part, rest = (each for each in good.heard if each.type == GIVEN_BACK and each.key == "S-3")
    swapped = {part: rest, rest: part}
    return replace(good, heard=[swapped.get(each, each) for each in good.heard])


def stock_handled_in_the_wrong_order(good: Evidence) -> Evidence:
    first, second = [each for each in good.heard if each.type == RESERVED][:2]
    swapped = {first: second, second: first}
    return replace(good, heard=[swapped.get(each, each) for each in good.heard])


def an_event_of_a_write_that_rolled_back(good: Evidence) -> Evidence:
    of = next(each for each in good.heard if each.type == PLACED)
    phantom = of._replace(id=999, message_id=UUID(int=999), key="S-9", correlation_id="refused-1")
    return replace(good, heard=[*good.heard, phantom])


def an_event_out_of_nowhere(good: Evidence) -> Evidence:
    of = next(each for each in good.heard if each.type == PLACED)
    phantom = of._replace(id=999, message_id=UUID(int=999), key="S-9", correlation_id="nobody")
    return replace(good, heard=[*good.heard, phantom])


def an_event_that_says_another_amount(good: Evidence) -> Evidence:
    of = next(each for each in good.heard if each.type == GIVEN_BACK)
    wrong = of._replace(figure=Decimal("9.99"))
    return replace(good, heard=[wrong if each == of else each for each in good.heard])


def an_order_that_was_forgotten(good: Evidence) -> Evidence:
    return replace(good, accounts=good.accounts[1:])


def an_order_nobody_was_told_of(good: Evidence) -> Evidence:
    more = good.accounts[0]._replace(number="S-9")
    return replace(good, accounts=[*good.accounts, more])


def a_cancellation_that_was_forgotten(good: Evidence) -> Evidence:
    return replace(good, accounts=[each._replace(status="placed") for each in good.accounts])


def a_request_without_an_answer(good: Evidence) -> Evidence:
    return replace(good, writes=[*good.writes, Write("order-9", ORDER)])


def an_email_that_was_never_written(good: Evidence) -> Evidence:
    return replace(good, mails=good.mails[1:], mailbox=good.mailbox - Counter([good.mails[0].message_id]))


def an_email_written_twice(good: Evidence) -> Evidence:
    again = good.mails[0]._replace(id=999, message_id="<again@example.com>")
    return replace(good, mails=[*good.mails, again], mailbox=good.mailbox + Counter([again.message_id]))


def an_email_that_was_never_sent(good: Evidence) -> Evidence:
    return replace(good, mailbox=good.mailbox - Counter([good.mails[0].message_id]))


def an_email_that_waits(good: Evidence) -> Evidence:
    return replace(good, mails=[good.mails[0]._replace(status="pending"), *good.mails[1:]])


def an_email_nobody_knows_of(good: Evidence) -> Evidence:
    return replace(good, mailbox=good.mailbox + Counter(["<nobody@example.com>"]))


def a_new_version_that_misreads_the_address(good: Evidence) -> Evidence:
    of = next(each for each in good.heard if each.type == PLACED)
    return replace(good, heard=[each._replace(email="b@example.com") if each == of else each for each in good.heard])


def a_payment_its_ledger_knows_nothing_of(good: Evidence) -> Evidence:
    return replace(good, accounts=[good.accounts[0]._replace(ledger_captured=Decimal("9.00")), *good.accounts[1:]])


def a_refund_that_was_made_twice(good: Evidence) -> Evidence:
    """Books that agree with each other, and not with what the customer was told."""
    first = good.accounts[0]
    twice = first._replace(refunded=Decimal("1.00"), ledger_refunded=Decimal("1.00"))
    return replace(good, accounts=[twice, *good.accounts[1:]])


def a_level_its_ledger_knows_nothing_of(good: Evidence) -> Evidence:
    return replace(good, shelves=[good.shelves[0]._replace(moved=139)])


def a_reservation_nobody_made(good: Evidence) -> Evidence:
    return replace(good, shelves=[good.shelves[0]._replace(promised=2)])


def an_event_that_never_left(good: Evidence) -> Evidence:
    return replace(good, pending=1)


def a_message_left_in_the_broker(good: Evidence) -> Evidence:
    return replace(good, backlog={"notifications": 0, "auditor": 1})


def a_dead_letter(good: Evidence) -> Evidence:
    return replace(good, parked=[(PLACED, "orders.order:S-1", "dead", 5, "Traceback\nValueError: no")])


PLANTED: list[tuple[Plant, set[str]]] = [
    (lost(PLACED), {EVENTS}),
    (lost(RESERVED), {EVENTS, LEVELS}),
    (doubled(CAPTURED), {DOUBLES}),
    (doubled(RESERVED), {DOUBLES, LEVELS}),
    (published_twice, {EVENTS, ORDER_KEPT}),
    (handled_in_the_wrong_order, {ORDER_KEPT}),
    (refunds_handled_in_the_wrong_order, {ORDER_KEPT}),
    (stock_handled_in_the_wrong_order, {LEVELS}),
    (an_event_of_a_write_that_rolled_back, {PHANTOMS}),
    (an_event_out_of_nowhere, {PHANTOMS}),
    (an_event_that_says_another_amount, {EVENTS, ORDER_KEPT}),
    (an_order_that_was_forgotten, {DURABLE}),
    (an_order_nobody_was_told_of, {DURABLE}),
    (a_cancellation_that_was_forgotten, {DURABLE}),
    (a_request_without_an_answer, {ANSWERED}),
    (an_email_that_was_never_written, {MAILS}),
    (an_email_written_twice, {MAILS}),
    (an_email_that_was_never_sent, {MAILS}),
    (an_email_that_waits, {MAILS}),
    (an_email_nobody_knows_of, {MAILS}),
    (a_new_version_that_misreads_the_address, {MAILS}),
    (a_payment_its_ledger_knows_nothing_of, {BOOKS}),
    (a_refund_that_was_made_twice, {BOOKS}),
    (a_level_its_ledger_knows_nothing_of, {STOCK}),
    (a_reservation_nobody_made, {STOCK}),
    (an_event_that_never_left, {LEFTOVERS}),
    (a_message_left_in_the_broker, {LEFTOVERS}),
    (a_dead_letter, {LEFTOVERS}),
]


def test_nothing_is_wrong_with_a_sound_run() -> None:
    assert [finding for finding in judge(sound()) if not finding.holds] == []


def test_an_email_that_went_out_twice_under_one_message_id_is_no_fault() -> None:
    """SMTP has no transactions."""
    good = sound()
    again = replace(good, mailbox=good.mailbox + Counter([good.mails[0].message_id]))
    assert all(finding.holds for finding in judge(again))


@pytest.mark.parametrize(("plant", "claims"), PLANTED, ids=[plant.__qualname__.split(".")[0] for plant, _ in PLANTED])
def test_a_planted_fault_is_found_by_the_right_checks(plant: Plant, claims: set[str]) -> None:
    broken = [finding for finding in judge(plant(sound())) if not finding.holds]
    assert len(broken) == len(claims), [finding.claim for finding in broken]
    assert all(any(claim in finding.claim for finding in broken) for claim in claims)


def test_the_log_is_read_in_the_order_of_its_answers_and_a_late_answer_counts(tmp_path: Path) -> None:
    log = WriteLog(tmp_path / "writes.jsonl")
    first, second, third = placed("S-1", 1), placed("S-2", 1), placed("S-3", 1)
    for write in (first, second, third):
        log.asked(write)
    log.answered(first, "in doubt", {})
    log.answered(second, REFUSED, {"code": "out_of_stock"})
    log.answered(first, ACKNOWLEDGED, first.answer)
    found = [(write.id, write.state) for write in read(tmp_path / "writes.jsonl")]
    assert found == [(second.id, REFUSED), (first.id, ACKNOWLEDGED), (third.id, "asked")]
    assert read(tmp_path / "writes.jsonl")[1].about["email"] == EMAIL
    log.close()
