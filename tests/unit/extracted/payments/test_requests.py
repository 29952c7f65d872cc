"""What is asked of the service, with a gateway that behaves: over HTTP, in a process of its own."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from extracted.payments.models import GatewayCall, PaymentRequest
from strangler.outbox.models import OutboxMessage
from tests.unit.extracted.payments.books import answers, batons, facts, published, status, stream, sums
from tests.unit.extracted.payments.factories import authorised, handed_over, message, recalled, requested

pytestmark = pytest.mark.django_db


def test_a_charge_is_authorised_captured_and_answered(handle, settle_calls, gateway):
    asked = requested("charge")
    handle(asked)
    assert stream() == ["OwnerChanged", "RequestOpened", "AuthorisationRequested"]
    assert answers() == []
    settle_calls()
    assert stream()[3:] == ["MoneyAuthorised", "CaptureRequested", "MoneyCaptured", "RequestDone"]
    assert facts() == [("authorised", "100.00"), ("captured", "100.00")]
    assert [each["kind"] for each in gateway.moved()] == ["authorise", "capture"]
    [(_, answer)] = published("payment_request_done")
    assert (answer["request"], answer["status"]) == (str(asked.request), "captured")
    assert (answer["captured_total"], answer["refunded_total"]) == ("100.00", "0.00")
    assert batons() == {"S-1": ("service", 1)}


def test_a_declined_card_is_refused_in_the_words_of_the_gateway_and_leaves_no_payment(handle, settle_calls, gateway):
    handle(requested("charge", card_token="tok_expired"))
    settle_calls()
    [(_, answer)] = published("payment_request_refused")
    assert answer["code"] == "payment_declined"
    assert "the card has expired" in answer["reason"]
    assert (status(), facts(), gateway.moved()) == ("", [], [])


def test_another_card_is_tried_after_one_that_was_declined(handle, settle_calls):
    handle(requested("charge", card_token="tok_declined"), requested("charge"))
    settle_calls()
    assert answers() == ["refused", "done"]
    assert status() == "captured"


def test_what_is_authorised_is_captured_in_parts_and_given_back(handle, settle_calls):
    handle(requested("authorise"), requested("capture", amount="30.00"), requested("capture", amount="20.00"))
    settle_calls()
    assert sums() == ("partially_captured", "100.00", "50.00", "0.00", "0.00")
    handle(requested("refund", amount="10.00"), requested("give_back"), requested("give_back"))
    settle_calls()
    assert sums() == ("refunded", "100.00", "50.00", "50.00", "50.00")
    assert facts()[3:] == [("refunded", "10.00"), ("refunded", "40.00"), ("voided", "50.00")]
    assert answers() == ["done"] * 6


def test_a_capture_without_an_amount_takes_what_is_left_and_a_refund_gives_back_all(handle, settle_calls):
    handle(requested("authorise"), requested("capture", amount="30.00"), requested("capture"), requested("refund"))
    settle_calls()
    assert facts()[1:] == [("captured", "30.00"), ("captured", "70.00"), ("refunded", "100.00")]


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        (
            requested("capture", amount="100.01"),
            "capture_too_large",
            "100.01 can't be captured; at most 100.00 EUR can",
        ),
        (requested("refund", amount="5.00"), "refund_too_large", "nothing is paid yet"),
        (requested("charge"), "payment_declined", "has a payment already"),
    ],
)
def test_what_cannot_be_is_refused_without_asking_the_gateway(handle, settle_calls, asked, code, said):
    handle(requested("authorise"))
    settle_calls()
    handle(asked)
    [(_, answer)] = published("payment_request_refused")
    assert answer["code"] == code
    assert said in answer["reason"]
    assert GatewayCall.objects.count() == 1


def test_more_than_was_captured_is_not_refunded(handle, settle_calls):
    handle(requested("charge"), requested("refund", amount="60.00"), requested("refund", amount="40.01"))
    settle_calls()
    assert answers() == ["done", "done", "refused"]
    assert published("payment_request_refused")[0][1]["reason"].endswith("at most 40.00 EUR can.")


def test_what_the_gateway_denies_is_refused_in_its_words(handle, settle_calls):
    handle(handed_over("S-1", ("100.00", "0.00", "0.00")), requested("capture"))
    settle_calls()
    [(_, answer)] = published("payment_request_refused")
    assert answer["reason"] == "There is no authorisation auth_monolith."
    assert status() == "authorised"


def test_who_asks_again_gets_the_same_answer_again_and_nothing_is_done_twice(handle, settle_calls, gateway):
    asked = requested("charge")
    handle(asked, message(asked))
    settle_calls()
    handle(message(asked), message(asked))
    told = [data for _, data in published("payment_request_done")]
    assert told == [told[0]] * 3
    assert len(gateway.moved()) == 2


def test_nothing_to_give_back_is_done_and_a_payment_that_is_not_there_is_not_found(handle):
    handle(handed_over("S-1", ("100.00", "0.00", "0.00"), "voided"), requested("give_back"))
    handle(handed_over("S-2", ("0.00", "0.00", "0.00"), ""), requested("capture", "S-2"))
    assert answers() == ["done", "refused"]
    assert published("payment_request_refused")[0][1]["code"] == "not_found"


def test_answers_and_facts_belong_to_the_conversation_of_their_request(handle, settle_calls):
    asked = message(requested("charge"))
    handle(asked)
    settle_calls()
    envelopes = [json.loads(payload) for payload in OutboxMessage.objects.values_list("payload", flat=True)]
    assert {(each["correlationid"], each["causationid"]) for each in envelopes} == {
        (asked.envelope.correlationid, str(asked.envelope.id))
    }
    assert len(envelopes) == 3


def test_a_card_token_is_kept_no_longer_than_it_is_needed(handle, settle_calls):
    asked = requested("charge", card_token="tok_secret")
    handle(asked)
    assert GatewayCall.objects.get().card_token == "tok_secret"
    assert "tok_secret" not in PaymentRequest.objects.get().message
    settle_calls()
    assert not GatewayCall.objects.exclude(card_token="").exists()
    assert not PaymentRequest.objects.exclude(card_token="").exists()


class TestWhoseItIs:
    def test_a_new_payment_is_owned_by_who_is_asked_for_it_first(self, handle):
        handle(requested("authorise"))
        assert batons() == {"S-1": ("service", 1)}

    def test_a_request_for_a_payment_whose_baton_has_not_come_waits_for_it(self, handle):
        handle(requested("refund", amount="10.00"))
        assert (answers(), PaymentRequest.objects.get().status) == ([], "waiting")
        handle(handed_over("S-1", ("100.00", "100.00", "0.00"), "captured"))
        assert PaymentRequest.objects.get().status == "open"

    def test_who_is_not_the_owner_any_more_says_so(self, handle):
        handle(handed_over("S-1"), recalled("S-1"), requested("give_back", epoch=1))
        assert answers() == ["redirected"]
        assert published("payment_request_redirected")[0][1]["epoch"] == 2

    def test_whoever_owns_it_by_now_does_what_was_asked_before_it_moved(self, handle):
        handle(handed_over("S-1"), recalled("S-1"), handed_over("S-1", epoch=3), requested("give_back", epoch=1))
        assert (answers(), PaymentRequest.objects.get().status) == ([], "open")

    def test_a_payment_that_the_monolith_has_made_is_not_taken_by_asking_for_a_new_one(self, handle):
        handle(authorised(), requested("charge"))
        assert (answers(), PaymentRequest.objects.get().status) == ([], "waiting")
        handle(handed_over("S-1"))
        assert published("payment_request_refused")[0][1]["code"] == "payment_declined"


def test_a_deadline_comes_from_the_request_or_from_the_patience_of_the_service(handle, settings):
    settings.GATEWAY_PATIENCE_HOURS = 2
    soon = timezone.now() + timedelta(seconds=30)
    handle(requested("charge", answer_by=soon), requested("charge", "S-2", request=uuid4()))
    first, second = PaymentRequest.objects.order_by("id").values_list("answer_by", flat=True)
    assert first == soon
    assert timedelta(minutes=119) < second - timezone.now() <= timedelta(hours=2)
