from decimal import Decimal

import pytest

from monolith.payments.factories import PaymentFactory
from monolith.payments.models import LedgerEntry
from monolith.payments.services import refund

pytestmark = pytest.mark.django_db


@pytest.fixture
def bookkeeper(as_role):
    return as_role("finance")


def test_a_payment_is_read_with_its_ledger(bookkeeper):
    payment = PaymentFactory()
    refund(payment.order_number, Decimal("30.00"))
    found = bookkeeper.get(f"/api/payments/{payment.order_number}/").json()
    assert [(entry["kind"], entry["amount"]) for entry in found.pop("entries")] == [
        ("refunded", "30.00"),
        ("captured", "100.00"),
        ("authorised", "100.00"),
    ]
    assert found == {
        "order_number": payment.order_number,
        "customer_email": "ada@example.com",
        "status": "partially_refunded",
        "currency": "EUR",
        "authorised": "100.00",
        "captured": "100.00",
        "refunded": "30.00",
        "capturable": "0.00",
        "refundable": "70.00",
        "created_at": found["created_at"],
    }


def test_who_may_not_read_the_ledger_sees_the_payment_without_it(as_role, bookkeeper):
    number = PaymentFactory().order_number
    support = as_role("support")
    for url in (f"/api/payments/{number}/", "/api/payments/"):
        assert "reference" in bookkeeper.get(url).content.decode()
        assert "entries" not in support.get(url).content.decode()
    assert support.get(f"/api/payments/{number}/").json()["captured"] == "100.00"


def test_payments_are_found_by_what_is_known_of_them(bookkeeper):
    paid, waiting = (
        PaymentFactory(),
        PaymentFactory(captured=False, customer_email="bob@example.com", amount=Decimal(5)),
    )

    def found(query):
        return [row["order_number"] for row in bookkeeper.get(f"/api/payments/?{query}").json()["results"]]

    assert found("") == [waiting.order_number, paid.order_number]
    assert found("status=captured") == found("customer_email=ada@example.com") == [paid.order_number]
    assert found("ordering=authorised") == [waiting.order_number, paid.order_number]
    day = paid.created_at.date().isoformat()
    assert len(found(f"created_at_after={day}&created_at_before={day}")) == 2
    assert found("created_at_before=2020-01-01") == []


def test_captured_in_part_then_all_that_is_left(bookkeeper):
    payment = PaymentFactory(captured=False)
    url = f"/api/payments/{payment.order_number}/capture/"
    part = bookkeeper.post(url, {"amount": "30.00"}).json()
    assert (part["status"], part["captured"], part["capturable"]) == ("partially_captured", "30.00", "70.00")
    rest = bookkeeper.post(url).json()
    assert (rest["status"], rest["captured"], len(rest["entries"])) == ("captured", "100.00", 3)
    more = bookkeeper.post(url)
    assert (more.status_code, more.json()["code"]) == (409, "capture_too_large")


def test_a_capture_asked_for_twice_takes_the_money_once(bookkeeper):
    url = f"/api/payments/{PaymentFactory(captured=False).order_number}/capture/"
    first, again = (bookkeeper.post(url, {"amount": "30.00"}, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert LedgerEntry.objects.filter(kind="captured").count() == 1


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "1e30", "NaN", "\0", [], "many"])
def test_an_amount_that_is_none_is_refused(bookkeeper, amount):
    answer = bookkeeper.post(
        f"/api/payments/{PaymentFactory(captured=False).order_number}/capture/", {"amount": amount}
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "amount")


def test_money_is_read_by_two_roles_and_moved_by_one(who_may):
    number = PaymentFactory(captured=False).order_number
    assert who_may("get", "/api/payments/") == {"support", "finance"}
    assert who_may("get", f"/api/payments/{number}/") == {"support", "finance"}
    assert who_may("post", f"/api/payments/{number}/capture/") == {"finance"}


def test_a_longer_list_takes_no_more_queries(bookkeeper, queries_of):
    PaymentFactory()
    few = queries_of(bookkeeper, "/api/payments/")
    PaymentFactory.create_batch(4)
    assert queries_of(bookkeeper, "/api/payments/") == few <= 3


@pytest.mark.parametrize(
    "path",
    ["%00/", "S-0/", f"{'9' * 5000}/", "?customer_email=%00", "?created_at_after=%00", "?created_at_after=99999-01-01"],
)
def test_an_address_of_nothing_is_the_callers_mistake(bookkeeper, path):
    assert bookkeeper.get(f"/api/payments/{path}").status_code in {400, 404}
