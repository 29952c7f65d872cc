"""A gateway that is away, slow, silent, forgetful or doubled: nothing is charged twice, lost, or left half done."""

from datetime import timedelta
from threading import Event as Flag
from uuid import UUID

import pytest
from django.utils import timezone

from extracted.payments import breaker, calls
from extracted.payments.gateway import Gateway
from extracted.payments.models import CircuitBreaker, GatewayAttempt, GatewayCall, PaymentRequest
from extracted.payments.worker import work
from tests.unit.extracted.payments.books import answers, facts, published, status, stream, sums
from tests.unit.extracted.payments.factories import recalled, requested

pytestmark = pytest.mark.django_db
SOON = timezone.now() + timedelta(hours=1)


def overdue(**which):
    """Their deadline is over."""
    PaymentRequest.objects.filter(**which).update(answer_by=timezone.now() - timedelta(seconds=1))


class TestDown:
    def test_whoever_waits_is_told_once_that_it_takes_longer_and_until_when(self, handle, settle_calls, gateway):
        gateway.turn(down=True)
        deadline = timezone.now() + timedelta(minutes=5)
        handle(requested("charge", answer_by=deadline))
        settle_calls()
        settle_calls()
        [(_, told)] = published("payment_request_deferred")
        assert (told["until"], told["action"]) == (deadline.isoformat().replace("+00:00", "Z"), "charge")
        assert "does not answer" in told["reason"]
        gateway.turn(down=False)
        settle_calls()
        assert (answers(), status()) == (["deferred", "done"], "captured")

    def test_at_the_deadline_it_is_refused_and_what_was_never_tried_is_withdrawn(self, handle, settle_calls, gateway):
        handle(requested("charge"))
        overdue()
        settle_calls()
        [(_, told)] = published("payment_request_refused")
        assert told["code"] == "gateway_unavailable"
        assert "nothing was done" in told["reason"]
        assert (gateway.moved(), GatewayCall.objects.get().status) == ([], "withdrawn")

    def test_each_try_waits_longer_at_random_and_stands_in_the_row(self, handle, settle_calls, gateway):
        gateway.turn(down=True)
        handle(requested("charge"))
        settle_calls()
        call = GatewayCall.objects.get()
        assert call.attempts >= 1
        assert call.last_error.startswith("503")
        waits = [calls.backoff(attempts).total_seconds() for attempts in (1, 4, 9, 50) for _ in range(50)]
        assert all(0 <= wait <= most for wait, most in zip(waits, [*[1] * 50, *[8] * 50, *[60] * 100], strict=True))
        assert len(set(waits)) > 150

    def test_nobody_listens_where_the_gateway_should_be(self, handle, settle_calls, settings):
        handle(requested("charge"))
        settings.GATEWAY_URL = "http://127.0.0.1:9/"
        with Gateway() as client:
            work(client, stop=Flag(), at_once=1)
        assert GatewayAttempt.objects.first().outcome.startswith("no answer: ConnectError")
        assert answers() == ["deferred"]


class TestSilent:
    def test_an_answer_after_the_clients_patience_is_asked_for_again_under_the_same_key(
        self, handle, settle_calls, gateway, settings
    ):
        settings.GATEWAY_TIMEOUT = 1
        gateway.turn(answer_after=1.3)
        handle(requested("authorise"))
        with Gateway() as client:
            [call] = calls.claim(1)
            calls.settle(call, client.make(call))
        assert (facts(), len(gateway.moved())) == ([], 1), "done, and nobody here knows"
        settings.GATEWAY_TIMEOUT = 30
        gateway.turn(answer_after=0)
        settle_calls()
        assert facts() == [("authorised", "100.00")]
        [moved] = gateway.moved()
        assert UUID(moved["key"]) == GatewayCall.objects.get().call

    def test_a_connection_that_breaks_before_the_answer_is_no_answer(self, handle, settle_calls, gateway):
        gateway.turn(hang_up=True)
        handle(requested("charge"))
        settle_calls()
        assert answers() == ["deferred"]
        gateway.turn(hang_up=False)
        settle_calls()
        assert (answers()[-1], len(gateway.moved())) == ("done", 2)

    def test_what_succeeds_after_the_deadline_is_undone(self, handle, settle_calls, gateway):
        gateway.turn(hang_up=True)
        handle(requested("charge", answer_by=SOON))
        settle_calls()
        overdue()
        settle_calls()
        assert answers() == ["deferred", "refused"]
        gateway.turn(hang_up=False)
        settle_calls()
        assert stream()[-3:] == ["MoneyAuthorised", "VoidRequested", "MoneyReleased"]
        assert facts() == [("authorised", "100.00"), ("voided", "100.00")]
        moved = [(each["kind"], each["order_number"]) for each in gateway.moved()]
        assert moved == [("authorise", "S-1"), ("void", "S-1")]
        assert answers() == ["deferred", "refused"], "who was told no hears nothing else"

    def test_a_capture_that_succeeds_after_the_deadline_goes_back(self, handle, settle_calls, gateway):
        handle(requested("authorise"))
        settle_calls()
        gateway.turn(hang_up=True)
        handle(requested("capture", amount="40.00", answer_by=SOON))
        settle_calls()
        overdue(action="capture")
        gateway.turn(hang_up=False)
        settle_calls()
        assert sums() == ("partially_refunded", "100.00", "40.00", "40.00", "0.00")
        assert facts()[1:] == [("captured", "40.00"), ("refunded", "40.00")]

    @pytest.mark.parametrize(("action", "deadline"), [("refund", True), ("give_back", True), ("capture", False)])
    def test_what_is_wanted_all_the_same_is_not_refused_once_it_was_tried(
        self, handle, settle_calls, gateway, action, deadline
    ):
        """Whoever asked again would give back twice, or find nothing left to take."""
        handle(requested("authorise" if action == "capture" else "charge"))
        settle_calls()
        gateway.turn(hang_up=True)
        handle(requested(action, answer_by=SOON if deadline else None))
        settle_calls()
        overdue(action=action)
        settle_calls()
        assert answers() == ["done", "deferred", "deferred"], "it takes longer still"
        gateway.turn(hang_up=False)
        settle_calls()
        assert answers()[-1] == "done"
        assert len(facts()) == (2 if action == "capture" else 3)


class TestTwice:
    def test_an_answer_that_comes_twice_on_the_wire_is_read_once(self, handle, settle_calls, gateway):
        gateway.turn(twice=True)
        handle(*(requested("charge", f"S-{number}") for number in range(4)))
        settle_calls()
        assert answers() == ["done"] * 4
        assert len(gateway.moved()) == 8

    def test_an_outcome_that_is_settled_twice_counts_once(self, handle, gateway):
        handle(requested("authorise"))
        with Gateway() as client:
            [call] = calls.claim(1)
            outcome = client.make(call)
            for _ in range(2):
                calls.settle(call, outcome)
        assert facts() == [("authorised", "100.00")]
        assert answers() == ["done"]


class TestGivenBackMeanwhile:
    def test_what_was_not_tried_is_called_off_at_once(self, handle, settle_calls, gateway):
        handle(requested("charge"), requested("give_back"))
        assert answers() == ["refused", "done"]
        settle_calls()
        assert gateway.moved() == []

    def test_who_gives_back_is_not_kept_waiting_for_an_authorisation_nobody_wants(self, handle, settle_calls, gateway):
        gateway.turn(hang_up=True)
        handle(requested("charge"))
        settle_calls()
        handle(requested("give_back"))
        assert answers() == ["deferred", "refused", "done"]
        gateway.turn(hang_up=False)
        settle_calls()
        assert (status(), facts()) == ("voided", [("authorised", "100.00"), ("voided", "100.00")])

    def test_a_capture_whose_end_is_not_known_is_waited_for_and_then_given_back(self, handle, settle_calls, gateway):
        handle(requested("authorise"))
        settle_calls()
        gateway.turn(hang_up=True)
        handle(requested("capture"))
        settle_calls()
        handle(requested("give_back"))
        assert answers() == ["done", "deferred", "refused"]
        gateway.turn(hang_up=False)
        settle_calls()
        assert (answers()[-1], status()) == ("done", "refunded")

    def test_what_was_queued_before_it_is_called_off_and_what_comes_after_it_is_not(self, handle, settle_calls):
        handle(requested("authorise"))
        settle_calls()
        handle(requested("refund", amount="1.00"))
        handle(requested("capture", amount="10.00"), requested("give_back"), requested("capture", amount="10.00"))
        settle_calls()
        reasons = [data["reason"] for _, data in published("payment_request_refused")]
        assert len(reasons) == 3
        assert "nothing is paid yet" in reasons[0]
        assert "called off" in reasons[1]
        assert "at most 0.00 EUR" in reasons[2]
        assert status() == "voided"


class TestMovedMeanwhile:
    def test_a_payment_goes_back_to_the_monolith_once_the_gateway_has_ended_what_it_is_asked(
        self, handle, settle_calls, gateway
    ):
        gateway.turn(down=True)
        handle(requested("charge"))
        settle_calls()
        handle(recalled("S-1"))
        assert published("payment_handed_over") == []
        gateway.turn(down=False)
        settle_calls()
        [(_, told)] = published("payment_handed_over")
        assert (told["to"], told["epoch"], told["status"], told["captured"]) == ("monolith", 2, "captured", "100.00")
        names = [name for name, _ in published()]
        assert names.index("payment_captured") < names.index("payment_handed_over"), "facts before the baton"
        handle(requested("refund", epoch=1))
        assert answers()[-1] == "redirected"


class TestCircuitBreaker:
    def test_after_some_failures_nobody_calls_and_whoever_waits_is_told(self, handle, settle_calls, gateway):
        gateway.turn(down=True)
        handle(*(requested("charge", f"S-{number}") for number in range(8)))
        settle_calls()
        settle_calls()
        assert CircuitBreaker.objects.get().failures >= breaker.THRESHOLD
        tries = GatewayAttempt.objects.count()
        GatewayCall.objects.update(due_at=timezone.now())
        handle(requested("charge", "S-9"))
        settle_calls(wait=True)
        assert GatewayAttempt.objects.count() == tries, "left alone"
        assert answers() == ["deferred"] * 9

    def test_once_its_time_is_over_one_call_is_made_and_its_success_closes_it(self, handle, settle_calls, gateway):
        handle(*(requested("authorise", f"S-{number}") for number in range(3)))
        for _ in range(breaker.THRESHOLD):
            breaker.calls_allowed(1, lease=9)
            breaker.failed("503")
        assert calls.claim(3) == []
        CircuitBreaker.objects.update(open_until=timezone.now())
        [probe] = calls.claim(3)
        assert calls.claim(3) == [], "one worker tries, the others wait"
        with Gateway() as client:
            calls.settle(probe, client.make(probe))
        assert (CircuitBreaker.objects.get().failures, len(calls.claim(3))) == (0, 2)

    def test_a_probe_that_fails_opens_it_for_longer(self, db):
        waits = []
        for _ in range(breaker.THRESHOLD + 3):
            breaker.calls_allowed(1, lease=9)
            breaker.failed("503")
            row = CircuitBreaker.objects.get()
            waits.append(row.open_until and round((row.open_until - timezone.now()).total_seconds()))
        assert waits == [*[None] * (breaker.THRESHOLD - 1), 1, 2, 4, 8]

    def test_a_card_that_is_declined_is_no_failure_of_the_gateway(self, handle, settle_calls):
        handle(*(requested("charge", f"S-{n}", card_token="tok_declined") for n in range(breaker.THRESHOLD + 1)))
        settle_calls()
        assert CircuitBreaker.objects.get().failures == 0


@pytest.mark.usefixtures("gateway")
def test_a_wrong_token_is_no_answer_and_no_refusal(handle, settle_calls):
    """Tried against a gateway that has none: what 401 and 500 mean is decided by status alone."""
    import httpx

    from extracted.payments.gateway import Unavailable, _outcome

    for status_code in (401, 403, 429, 500, 502):
        assert isinstance(_outcome(httpx.Response(status_code, text="<html>")), Unavailable)
    assert isinstance(_outcome(httpx.Response(201, text="<html>")), Unavailable), (
        "done, it seems; asked again it will say"
    )


@pytest.mark.parametrize(
    ("name", "value", "said"), [("GATEWAY_URL", "", "GATEWAY_URL"), ("GATEWAY_TIMEOUT", 0, "from 1")]
)
def test_a_missing_setting_of_the_gateway_is_named(settings, name, value, said):
    from strangler.errors import ConfigurationError

    settings.GATEWAY_URL = "http://127.0.0.1:9/"
    setattr(settings, name, value)
    with pytest.raises(ConfigurationError, match=said):
        Gateway()
