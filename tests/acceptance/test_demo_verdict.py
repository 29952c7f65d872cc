"""The demo's verdict must not be a formality: each thing that can go wrong is planted once and has to be found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from devstack.demo.journal import CANCELLED, CAPTURED, PLACED, REFUNDED, TEMPLATES, Journal
from devstack.demo.observer import Mail, Sight, Way
from devstack.demo.verdict import Evidence, judge

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ORDER, ADDRESS = "S-1", "a@example.com"
ABOUT = {PLACED: "orders.order", CANCELLED: "orders.order", CAPTURED: "payments.payment", REFUNDED: "payments.payment"}


def way(position: int, kind: str) -> Way:
    """Published a second after the one before; relayed, handled and mailed a millisecond later each."""
    published = NOON + timedelta(seconds=position)
    later = [published + timedelta(milliseconds=step) for step in (1, 2, 3)]
    return Way(UUID(int=position), kind, ABOUT[kind], ORDER, position, published, *later)


def mail(number: int, of: Way) -> Mail:
    return Mail(number, str(of.id), TEMPLATES[of.type], ADDRESS, "sent", of.mailed_at, f"<{number}@example.com>")


def sound() -> Evidence:
    """One order, placed and cancelled, everything as it should be."""
    journal = Journal()
    journal.order_placed(ORDER, ADDRESS)
    journal.order_cancelled(ORDER)
    ways = [way(position, kind) for position, kind in enumerate((PLACED, CAPTURED, REFUNDED, CANCELLED), start=1)]
    mails = [mail(number, of) for number, of in enumerate(ways, start=1)]
    inbox = {found.id: found.handled_at for found in ways if found.handled_at}
    sight = Sight(ways, inbox, mails, 0, [], published=9, pending=0, queued=0, ever_queued=4)
    return Evidence(journal, sight, Counter(found.message_id for found in mails), mails_sent_by_the_shop=0)


def seen(evidence: Evidence, **changes: object) -> Evidence:
    return replace(evidence, sight=replace(evidence.sight, **changes))  # type: ignore[arg-type]


def an_order_without_its_events(good: Evidence) -> Evidence:
    good.journal.order_placed("S-2", ADDRESS)
    return good


def an_event_without_an_order(good: Evidence) -> Evidence:
    good.journal.promised[PLACED, ORDER] = 0
    return good


def an_event_that_was_relayed_but_never_arrived(good: Evidence) -> Evidence:
    first, *others = good.sight.ways
    inbox = {id: moment for id, moment in good.sight.inbox.items() if id != first.id}
    return seen(good, ways=[replace(first, handled_at=None), *others], inbox=inbox)


def a_message_out_of_nowhere(good: Evidence) -> Evidence:
    return seen(good, inbox={**good.sight.inbox, UUID(int=99): NOON})


def events_that_are_still_in_the_outbox(good: Evidence) -> Evidence:
    return seen(good, pending=1)


def a_handler_that_does_nothing(good: Evidence) -> Evidence:
    gone = good.sight.mails[0]
    return replace(seen(good, mails=good.sight.mails[1:]), mailbox=good.mailbox - Counter([gone.message_id]))


def an_email_that_was_written_twice(good: Evidence) -> Evidence:
    double = good.sight.mails[-1]._replace(id=5, message_id="<5@example.com>")
    return replace(seen(good, mails=[*good.sight.mails, double]), mailbox=good.mailbox + Counter(["<5@example.com>"]))


def an_email_to_somebody_else(good: Evidence) -> Evidence:
    first, *others = good.sight.mails
    return seen(good, mails=[first._replace(address="b@example.com"), *others])


def an_email_that_is_still_pending(good: Evidence) -> Evidence:
    first, *others = good.sight.mails
    return seen(good, mails=[first._replace(status="pending"), *others])


def an_email_noted_as_sent_that_never_went_out(good: Evidence) -> Evidence:
    return replace(good, mailbox=good.mailbox - Counter([good.sight.mails[0].message_id]))


def an_email_nobody_knows_of(good: Evidence) -> Evidence:
    return replace(good, mailbox=good.mailbox + Counter(["<5@example.com>"]))


def a_shop_that_mails_too(good: Evidence) -> Evidence:
    return replace(good, mails_sent_by_the_shop=1)


def a_key_handled_in_the_wrong_order(good: Evidence) -> Evidence:
    placed, *others, cancelled = good.sight.ways
    return seen(good, ways=[replace(placed, handled_at=NOON + timedelta(minutes=1)), *others, cancelled])


def a_key_whose_handlers_ran_in_the_wrong_order(good: Evidence) -> Evidence:
    first, *others = good.sight.mails
    return seen(good, mails=[*others, first._replace(id=9)])


def a_dead_letter(good: Evidence) -> Evidence:
    return seen(good, parked=[(PLACED, "orders.order:S-1", "dead", 5, "Traceback\nValueError: no")])


def a_message_left_in_the_queue(good: Evidence) -> Evidence:
    return seen(good, queued=1)


PLANTED: list[tuple[Callable[[Evidence], Evidence], str]] = [
    (an_order_without_its_events, "acknowledged by the API"),
    (an_event_without_an_order, "acknowledged by the API"),
    (events_that_are_still_in_the_outbox, "left the outbox"),
    (an_event_that_was_relayed_but_never_arrived, "in its inbox"),
    (a_message_out_of_nowhere, "in its inbox"),
    (a_handler_that_does_nothing, "are sent"),
    (an_email_that_was_written_twice, "are sent"),
    (an_email_to_somebody_else, "are sent"),
    (an_email_that_is_still_pending, "are sent"),
    (an_email_noted_as_sent_that_never_went_out, "in the mailbox"),
    (an_email_nobody_knows_of, "in the mailbox"),
    (a_shop_that_mails_too, "in the mailbox"),
    (a_key_handled_in_the_wrong_order, "order kept"),
    (a_key_whose_handlers_ran_in_the_wrong_order, "order kept"),
    (a_dead_letter, "no dead letters"),
    (a_message_left_in_the_queue, "no dead letters"),
]


def test_nothing_is_wrong_with_a_sound_run() -> None:
    assert [finding for finding in judge(sound()) if not finding.holds] == []


def test_an_email_handed_over_twice_under_one_message_id_is_no_fault() -> None:
    good = sound()
    doubled = replace(good, mailbox=good.mailbox + Counter([good.sight.mails[0].message_id]))
    assert all(finding.holds for finding in judge(doubled))


@pytest.mark.parametrize(("plant", "claim"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
def test_a_planted_fault_is_found(plant: Callable[[Evidence], Evidence], claim: str) -> None:
    [broken] = [finding for finding in judge(plant(sound())) if not finding.holds]
    assert claim in broken.claim
    assert broken.shown()
