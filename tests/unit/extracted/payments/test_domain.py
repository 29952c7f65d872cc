"""Whatever is asked, answered, refused, told and undone, in whatever order: books balance after every event.

Without a database: the decisions are pure. `test_any_history.py` says the same of the whole service.
"""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extracted.payments.domain import events
from extracted.payments.domain.deciding import Denied, Succeeded, abandon, advance, open_request, settle
from extracted.payments.domain.postings import Account, Posting, balanced, postings
from extracted.payments.domain.state import PaymentState, evolve
from extracted.payments.errors import Unbalanced
from extracted.payments.events import PaymentTold
from extracted.payments.learning import learned
from strangler.messaging import Event
from tests.unit.extracted.payments.factories import requested, whole

AT = datetime(2026, 11, 26, tzinfo=UTC)
ORDER = "S-1"
amounts = st.decimals("0.01", "120.00", places=2)
acts = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(["authorise", "charge"]), amounts),
    st.tuples(st.just("ask"), st.sampled_from(["capture", "refund"]), st.none() | amounts),
    st.tuples(st.just("ask"), st.just("give_back"), st.none()),
    st.tuples(st.just("gateway"), st.sampled_from(["does it", "denies it"]), st.booleans()),
    st.tuples(st.just("too late"), st.booleans(), st.none()),
    st.tuples(st.just("told"), amounts, amounts),
)


class Life:
    """One payment; after each event everything that must hold is looked at."""

    def __init__(self) -> None:
        self.state, self.happened, self.accounts = PaymentState(), list[Event](), Counter[Account]()
        self.calls, self.requests, self.ended = 0, 0, list[UUID]()

    def add(self, happened: list[Event]) -> None:
        for event in happened:
            self.state = evolve(self.state, event)
            self.happened.append(event)
            entered = postings(event)
            assert sum(entry.amount for entry in entered) == 0
            for entry in entered:
                self.accounts[entry.account] += entry.amount
            self.everything_adds_up()

    def advance(self) -> None:
        self.add(advance(self.state, ORDER, new_call=self.new_call))

    def new_call(self) -> UUID:
        self.calls += 1
        return UUID(int=self.calls)

    def everything_adds_up(self) -> None:
        state, books = self.state, self.accounts
        assert sum(books.values()) == 0
        assert 0 <= state.refunded <= state.captured
        assert state.captured + state.released <= state.authorised
        assert books[Account.RECEIVABLE] == state.capturable == -books[Account.AUTHORISED]
        assert (books[Account.CASH], books[Account.REFUNDS]) == (state.refundable, state.refunded)
        assert books[Account.SALES] == -state.captured

    # --- what may come

    def ask(self, action: str, amount: Decimal | None) -> None:
        if self.state.is_at_rest:
            self.requests += 1
            self.add(open_request(self.state, requested(action, ORDER, amount, request=UUID(int=self.requests))))
            self.advance()

    def gateway(self, answer: str, twice: bool) -> None:
        pending = self.state.pending
        if pending is None:
            return
        outcome = Succeeded("ref", AT) if answer == "does it" else Denied("no")
        self.add(settle(self.state, ORDER, pending.call, outcome))
        self.advance()
        if twice:
            assert settle(self.state, ORDER, pending.call, outcome) == [], "of another call, or of none"
        self.ended.append(pending.call)

    def too_late(self, tried: bool) -> None:
        self.add(abandon(self.state, ORDER, code="gateway_unavailable", reason="too late", tried=tried))
        self.advance()

    def told(self, authorised: Decimal, captured: Decimal) -> None:
        """The monolith's, so not while the service has something in hand."""
        if self.state.is_at_rest:
            sums = (max(authorised, captured), captured, Decimal(0))
            status = "captured" if authorised <= captured else "partially_captured"
            self.add(learned(self.state, PaymentTold(**whole(ORDER, sums, status)), why="told"))

    def settle_all(self) -> None:
        """The gateway does from now on whatever it is asked."""
        for _ in range(20):
            if self.state.pending is None:
                break
            self.gateway("does it", twice=False)


def live(script: list[tuple[str, object, object]]) -> Life:
    life = Life()
    for act, first, second in script:
        match act:
            case "ask":
                life.ask(first, second)
            case "gateway":
                life.gateway(first, second)
            case "too late":
                life.too_late(first)
            case "told":
                life.told(first, second)
    return life


@given(st.lists(acts, max_size=25))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_books_balance_after_every_event_of_any_history(script):
    life = live(script)
    life.settle_all()
    assert life.state.is_at_rest, "nothing is left in hand once the gateway has answered"
    doubles = [settle(life.state, ORDER, call, Succeeded("again", AT)) for call in life.ended]
    assert not any(doubles), "an answer that comes twice changes nothing"


@given(st.lists(acts, max_size=25))
@settings(max_examples=100, deadline=None)
def test_every_request_is_answered_once_and_no_refused_charge_keeps_money(script):
    life = live(script)
    life.settle_all()
    opened = {each.request: each.action for each in life.happened if isinstance(each, events.RequestOpened)}
    ends = [each for each in life.happened if isinstance(each, events.RequestDone | events.RequestRefused)]
    assert Counter(each.request for each in ends) == Counter(range_of(life.requests))
    refused = {each.request for each in ends if isinstance(each, events.RequestRefused)}
    tried = {request for request, action in opened.items() if action in {"authorise", "charge"}}
    others = {"CallRefused", "PaymentLearned"} & {type(each).__name__ for each in life.happened}
    if tried and tried <= refused and not others:
        assert (life.state.capturable, life.state.refundable) == (0, 0)


def range_of(requests: int) -> list[UUID]:
    return [UUID(int=number) for number in range(1, requests + 1)]


def test_postings_that_do_not_balance_are_refused_by_name():
    with pytest.raises(Unbalanced, match=r"leave 1\.00 over"):
        balanced([Posting(Account.CASH, Decimal("1.00"))])


class TestACaptureThatTheGatewayDenies:
    def test_takes_the_authorisation_of_its_charge_with_it(self):
        life = live([("ask", "charge", Decimal(100)), ("gateway", "does it", False), ("gateway", "denies it", False)])
        assert [type(each).__name__ for each in life.happened[-3:]] == [
            "CallRefused",
            "RequestRefused",
            "VoidRequested",
        ]
        life.settle_all()
        assert life.state.status == "voided"

    def test_leaves_the_authorisation_where_that_was_another_request(self):
        life = live([("ask", "authorise", Decimal(100)), ("gateway", "does it", False)])
        life.ask("capture", Decimal(30))
        life.gateway("denies it", twice=False)
        assert (life.state.status, life.state.is_at_rest) == ("authorised", True)


class TestWhatComesTooLate:
    def test_a_charge_that_was_authorised_after_it_was_refused_is_let_go(self):
        life = live([("ask", "charge", Decimal(100)), ("too late", True, None)])
        assert life.state.pending is not None
        life.settle_all()
        assert [type(each).__name__ for each in life.happened[-3:]] == [
            "MoneyAuthorised",
            "VoidRequested",
            "MoneyReleased",
        ]

    def test_a_charge_that_was_captured_after_it_was_refused_goes_back(self):
        life = live([("ask", "charge", Decimal(100)), ("gateway", "does it", False), ("too late", True, None)])
        life.settle_all()
        assert (life.state.status, life.state.refunded) == ("refunded", 100)

    def test_a_part_that_was_captured_after_it_was_refused_goes_back_and_the_rest_stays(self):
        life = live([("ask", "authorise", Decimal(100)), ("gateway", "does it", False)])
        life.ask("capture", Decimal(30))
        life.too_late(tried=True)
        life.settle_all()
        assert (life.state.captured, life.state.refunded, life.state.capturable) == (30, 30, 70)

    def test_a_call_that_was_never_made_is_withdrawn(self):
        life = live([("ask", "charge", Decimal(100)), ("too late", False, None)])
        assert (life.state.status, life.state.is_at_rest) == ("", True)

    def test_what_gives_money_back_is_not_refused_once_the_gateway_was_asked(self):
        life = live([("ask", "charge", Decimal(100)), *[("gateway", "does it", False)] * 2, ("ask", "refund", None)])
        life.too_late(tried=True)
        assert life.state.open is not None
        life.settle_all()
        assert type(life.happened[-1]) is events.RequestDone


def test_what_the_gateway_refuses_to_undo_is_left_to_people():
    life = live([("ask", "charge", Decimal(100)), ("too late", True, None), ("gateway", "does it", False)])
    life.gateway("denies it", twice=True)
    assert (life.state.status, life.state.is_at_rest) == ("authorised", True)


def test_states_are_data_and_come_back_from_a_snapshot_as_they_were():
    life = live([("ask", "charge", Decimal(100)), ("gateway", "does it", False), ("too late", True, None)])
    assert PaymentState.model_validate_json(life.state.model_dump_json()) == life.state
