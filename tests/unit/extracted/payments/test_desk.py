"""What staff and the monolith see of the service: admin and API."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.urls import reverse
from rest_framework.test import APIClient

from extracted.payments.models import LedgerAccount, PaymentView, ShadowOutcome
from strangler.cutover.parity.declared import copies
from tests.unit.extracted.payments.books import enter_all
from tests.unit.extracted.payments.factories import authorised, captured, requested, told

pytestmark = pytest.mark.django_db
MONOLITH = {"Authorization": "Bearer a token"}


@pytest.fixture
def paid(handle, settle_calls):
    """S-1 was paid here, S-2 is a copy, S-3 was declined."""
    handle(requested("charge"), authorised("S-2", "30.00"), requested("charge", "S-3", card_token="tok_declined"))
    handle(captured("S-2", "30.00", "25.00"))
    settle_calls()
    enter_all()


@pytest.fixture
def api(staff):
    client = APIClient()
    client.force_authenticate(staff)
    return client


@pytest.fixture
def desk(client, staff):
    client.force_login(staff)
    return client


@pytest.mark.usefixtures("paid")
class TestApi:
    def test_payments_are_listed_filtered_and_shown(self, api):
        rows = api.get("/api/payments/").json()["results"]
        assert {row["order_number"]: row["status"] for row in rows} == {"S-1": "captured", "S-2": "partially_captured"}
        assert [row["order_number"] for row in api.get("/api/payments/?status=captured").json()["results"]] == ["S-1"]
        one = api.get("/api/payments/S-2/").json()
        assert (one["capturable"], one["refundable"], one["in_hand"]) == ("5.00", "25.00", "")
        assert api.get("/api/payments/S-3/").status_code == 404, "declined: there is no payment"

    def test_what_has_happened_and_what_it_means_in_the_books_is_told(self, api):
        events = api.get("/api/payments/S-1/events/").json()
        assert [each["version"] for each in events] == list(range(1, 8))
        assert events[3]["type"] == "payments.money_authorised"
        assert events[3]["data"]["amount"] == "100.00"
        posted = api.get("/api/payments/S-1/postings/").json()
        assert [(each["account"], each["amount"]) for each in posted[:2]] == [
            ("receivable", "100.00"),
            ("authorised", "-100.00"),
        ]

    def test_balances_of_a_currency_sum_to_nothing(self, api):
        rows = api.get("/api/accounts/?currency=EUR").json()["results"]
        assert {row["account"]: row["balance"] for row in rows} == {
            "authorised": "-5.00",
            "receivable": "5.00",
            "cash": "125.00",
            "sales": "-125.00",
        }


@pytest.mark.parametrize("path", ["payments/", "accounts/", "flags/"])
def test_reading_is_for_staff_and_for_the_monolith(path, staff):
    client, monolith = APIClient(), APIClient(headers=MONOLITH)
    assert client.get(f"/api/{path}").status_code == 401
    assert client.get(f"/api/{path}", headers={"Authorization": "Bearer another"}).status_code == 401
    assert monolith.get(f"/api/{path}").status_code == 200
    token = client.post("/api/token/", {"username": "staff", "password": "correct horse"}).json()["token"]
    assert client.get(f"/api/{path}", headers={"Authorization": f"Token {token}"}).status_code == 200
    client.force_authenticate(get_user_model().objects.create_user("nobody"))
    assert client.get(f"/api/{path}").status_code == 403
    assert monolith.post(f"/api/{path}", {}).status_code == 405


def test_health_is_for_everybody():
    assert APIClient().get("/api/health/").json() == {"status": "ok", "database": "ok"}


def test_the_gates_learn_how_many_facts_agreed(handle):
    handle(authorised(), captured(amount="30.00", total="40.00"))
    answer = APIClient(headers=MONOLITH).get("/strangler/status")
    assert answer.json()["comparisons"] == {"facts": {"total": 2, "mismatches": 1, "clean_run": 0}}
    assert set(answer.json()["groups"]) == {"fraud", "payments"}


@pytest.mark.usefixtures("paid")
def test_the_monolith_can_compare(handle):
    handle(told("S-4", ("50.00", "50.00", "0.00"), "captured"))
    found = {row["order_number"]: row for row in copies["payments"].rows()}
    assert set(found) == {"S-1", "S-2", "S-4"}, "a declined card leaves nothing on either side"
    assert (found["S-4"]["status"], str(found["S-4"]["captured"])) == ("captured", "50.00")


@pytest.mark.usefixtures("paid")
class TestAdmin:
    @pytest.mark.parametrize("model", [*apps.get_app_config("payments").get_models()], ids=lambda model: model.__name__)
    def test_every_list_opens_and_nothing_is_written_there(self, desk, model):
        if model not in admin.site._registry:
            assert model.__name__ in {"GatewayAttempt", "Sighting"}
            return
        answer = desk.get(reverse(f"admin:payments_{model._meta.model_name}_changelist"))
        assert answer.status_code == 200
        assert desk.get(reverse(f"admin:payments_{model._meta.model_name}_add")).status_code == 403

    def test_a_payments_page_shows_its_stream_its_postings_and_every_try_of_every_call(self, desk):
        row = PaymentView.objects.get(order_number="S-1")
        page = desk.get(reverse("admin:payments_paymentview_change", args=[row.pk])).content.decode()
        for said in (
            "request opened",
            "money captured",
            "receivable",
            "-100.00",
            "authorise 100.00 EUR",
            "done: auth_",
        ):
            assert said in page, said
        assert "tok_visa" not in page

    def test_an_accounts_page_shows_the_postings_that_make_its_balance(self, desk):
        cash = LedgerAccount.objects.get(account="cash")
        page = desk.get(reverse("admin:payments_ledgeraccount_change", args=[cash.pk])).content.decode()
        for said in ("125.00", "money_captured", "S-1", "S-2", "25.00"):
            assert said in page, said
        assert desk.get(reverse("admin:payments_ledgeraccount_change", args=[cash.pk]) + "?before=1").status_code == 200

    def test_owners_are_filtered(self, desk):
        url = reverse("admin:payments_paymentview_changelist")
        assert "S-2" not in desk.get(f"{url}?owner=service").content.decode()
        assert "S-1" not in desk.get(f"{url}?owner=monolith").content.decode()

    def test_mismatches_are_what_one_sees_first(self, desk):
        url = reverse("admin:payments_shadowoutcome_changelist")
        assert desk.get(url).context["cl"].result_count == ShadowOutcome.objects.exclude(cause="").count() == 1
        assert desk.get(f"{url}?outcome=all").context["cl"].result_count == 2
