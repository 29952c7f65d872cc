"""What the monolith does, copied into the service's streams; and compared with what the service makes of it."""

from decimal import Decimal

import pytest

from extracted.payments.models import PaymentView, ShadowOutcome
from extracted.payments.shadow import compared
from tests.unit.extracted.payments.books import batons, facts, published, status, stream, sums
from tests.unit.extracted.payments.factories import (
    authorised,
    captured,
    handed_over,
    message,
    recalled,
    refunded,
    requested,
    told,
    voided,
)

pytestmark = pytest.mark.django_db


def causes():
    return list(ShadowOutcome.objects.order_by("id").values_list("cause", flat=True))


def test_facts_of_the_monolith_become_events_of_the_stream_and_nothing_is_told(handle):
    handle(authorised(), captured(amount="30.00", status="partially_captured"))
    handle(refunded(amount="30.00", status="partially_refunded"), voided(amount="70.00", status="refunded"))
    assert stream() == ["MoneyAuthorised", "MoneyCaptured", "MoneyRefunded", "MoneyReleased"]
    assert sums() == ("refunded", "100.00", "30.00", "30.00", "70.00")
    assert published() == []
    assert causes() == [""] * 4


def test_many_payments_are_followed_in_a_few_statements(handle, django_assert_max_num_queries):
    handle(told("S-0"))  # whatever is done once
    messages = [message(authorised(f"S-{number}")) for number in range(1, 101)]
    with django_assert_max_num_queries(25):
        handle(*messages)
    assert PaymentView.objects.filter(status="authorised").count() == 101


def test_what_existed_before_is_told_and_live_facts_go_on_from_there(handle):
    handle(message(told("S-1", ("100.00", "40.00", "0.00"), "partially_captured"), again=True))
    handle(captured(amount="60.00", total="100.00"))
    assert (stream(), status()) == (["PaymentLearned", "MoneyCaptured"], "captured")


def test_telling_again_what_is_known_changes_nothing(handle):
    payment = told("S-1", ("100.00", "100.00", "30.00"), "partially_refunded")
    handle(payment, message(payment, again=True))
    handle(message(captured(), again=True), message(authorised(), again=True))
    assert stream() == ["PaymentLearned"]


def test_a_fact_that_comes_before_the_payment_was_told_is_kept_and_completed_later(handle):
    handle(message(captured(amount="60.00", total="90.00", status="partially_captured"), stage="emitting"))
    assert sums()[2] == "90.00"
    handle(told("S-1", ("100.00", "90.00", "0.00"), "partially_captured"))
    assert sums() == ("partially_captured", "100.00", "90.00", "0.00", "0.00")
    assert causes() == [], "not compared before the stage shadow"


class TestShadow:
    def test_another_total_is_a_mismatch_and_what_the_monolith_says_holds(self, handle):
        handle(authorised(), captured(amount="30.00", total="50.00", status="partially_captured"))
        outcome = ShadowOutcome.objects.get(cause="amounts")
        assert (outcome.theirs, outcome.ours) == (
            "captured 50.00, partially_captured",
            "captured 30.00, partially_captured",
        )
        assert stream() == ["MoneyAuthorised", "MoneyCaptured", "PaymentLearned"]
        assert sums()[2] == "50.00"

    def test_another_status_is_a_mismatch(self, handle):
        handle(authorised(), captured(amount="30.00", status="captured"))
        assert causes() == ["", "status"]

    def test_a_status_that_is_not_told_is_not_compared(self, handle):
        handle(authorised(status=""), captured(status=""))
        assert causes() == ["", ""]

    def test_how_many_have_agreed_since_the_last_that_differed_is_counted(self, handle):
        handle(authorised(), captured(amount="30.00"), *(authorised(f"S-{number}") for number in range(2, 5)))
        assert compared().model_dump() == {"total": 5, "mismatches": 1, "clean_run": 3}


class TestMoving:
    def test_a_payment_that_is_handed_over_is_done_with_here_and_told_by_us(self, handle, settle_calls):
        handle(authorised(authorisation="auth_x"), handed_over("S-1"), requested("capture", amount="10.00"))
        assert batons() == {"S-1": ("service", 1)}
        assert stream()[1:3] == ["PaymentLearned", "OwnerChanged"], "the gateway's reference was another one"
        assert settle_calls() == (1, 0)

    def test_facts_of_the_monolith_do_not_touch_what_is_owned_here(self, handle):
        handle(handed_over("S-1"), captured(), message(told("S-1", ("1.00", "1.00", "0.00"), "captured")))
        assert status() == "authorised"

    def test_own_facts_come_back_and_are_left_alone(self, handle, settle_calls):
        handle(requested("charge"))
        settle_calls()
        before = stream()
        handle(recalled("S-1"))
        own = (authorised(), captured(), told("S-1", ("1.00", "0.00", "0.00")), handed_over("S-1", epoch=9))
        handle(*(message(event, source="payments") for event in own))
        assert stream() == [*before, "OwnerChanged"]

    def test_to_and_fro_keeps_the_books_and_counts_the_moves(self, handle, settle_calls):
        handle(handed_over("S-1"), recalled("S-1"), recalled("S-1"))
        [(_, back)] = published("payment_handed_over")
        assert (back["to"], back["epoch"], back["authorised"]) == ("monolith", 2, "100.00")
        handle(captured(amount="100.00"), handed_over("S-1", ("100.00", "100.00", "0.00"), "captured", epoch=3))
        assert batons() == {"S-1": ("service", 3)}
        assert sums() == ("captured", "100.00", "100.00", "0.00", "0.00")

    def test_a_baton_that_comes_twice_or_late_changes_nothing(self, handle):
        handle(handed_over("S-1"), recalled("S-1"), message(handed_over("S-1")), message(recalled("S-1")))
        assert batons() == {"S-1": ("monolith", 2)}
        assert len(published("payment_handed_over")) == 1
        handle(handed_over("S-1", epoch=3), recalled("S-1", epoch=1))
        assert batons() == {"S-1": ("service", 3)}, "asked back before it moved again"

    def test_a_payment_that_was_never_made_goes_back_as_nothing(self, handle, settle_calls):
        handle(requested("charge", card_token="tok_declined"))
        settle_calls()
        handle(recalled("S-1"))
        [(_, back)] = published("payment_handed_over")
        assert (back["status"], back["authorised"], back["currency"]) == ("", "0.00", "EUR")

    def test_a_hundred_are_taken_over_in_a_few_statements(self, handle, django_assert_max_num_queries):
        handle(handed_over("S-0"))
        batons_sent = [message(handed_over(f"S-{number}")) for number in range(1, 101)]
        with django_assert_max_num_queries(25):
            handle(*batons_sent)

    def test_what_the_service_owns_is_told_again_for_the_monoliths_copy(self, handle):
        from extracted.payments.backfill import tell
        from extracted.payments.selectors import owned_here

        handle(handed_over("S-1"), told("S-2"))
        [whole] = tell(list(owned_here()))
        assert (whole.order_number, whole.authorised) == ("S-1", Decimal("100.00"))
        assert facts() == []
