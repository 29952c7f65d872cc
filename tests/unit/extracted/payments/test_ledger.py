"""The ledger: derived from the streams, balanced by the database, and made again from nothing."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from extracted.payments.models import LedgerAccount, LedgerPosting
from extracted.payments.selectors import postings
from strangler.eventstore.models import StreamEvent
from tests.unit.extracted.payments.books import check_ledger, enter_all
from tests.unit.extracted.payments.conftest import handling
from tests.unit.extracted.payments.factories import authorised, captured, message, refunded, requested


def posting(account, amount, version=1):
    told = {"order_number": "S-1", "version": version, "event": "payments.money_captured", "currency": "EUR"}
    return LedgerPosting(**told, account=account, amount=amount, entered_at=timezone.now())


def balances():
    return {f"{row.account} {row.currency}": str(row.balance) for row in LedgerAccount.objects.all()}


@pytest.mark.django_db
class TestTheDatabase:
    def test_refuses_an_event_whose_postings_do_not_sum_to_nothing(self):
        with pytest.raises(IntegrityError, match=r"postings of S-1 event 1 leave 0\.01 EUR over"), transaction.atomic():
            LedgerPosting.objects.bulk_create([posting("cash", "10.00"), posting("sales", "-9.99")])
        crossed = [posting("cash", "1.00"), posting("sales", "-2.00"), posting("cash", "1.00", version=2)]
        with pytest.raises(IntegrityError, match=r"leave -?1\.00 EUR over"), transaction.atomic():
            LedgerPosting.objects.bulk_create(crossed)

    @pytest.mark.parametrize(
        "statement", ["UPDATE payments_ledgerposting SET amount = 0", "DELETE FROM payments_ledgerposting"]
    )
    def test_refuses_to_change_what_was_entered(self, statement):
        with pytest.raises(Exception, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    @pytest.mark.parametrize("statement", ["UPDATE {} SET data = '{{}}'", "DELETE FROM {}"])
    def test_refuses_to_change_what_has_happened(self, statement):
        """Here too, where the ledger is derived from it: the service has a database of its own."""
        with pytest.raises(Exception, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(StreamEvent._meta.db_table))

    def test_refuses_the_same_event_twice(self):
        LedgerPosting.objects.bulk_create([posting("cash", "1.00"), posting("sales", "-1.00")])
        with pytest.raises(IntegrityError, match="payments_posted_once"), transaction.atomic():
            LedgerPosting.objects.bulk_create([posting("cash", "1.00"), posting("sales", "-1.00")])


@pytest.mark.django_db(transaction=True)
def test_it_follows_the_streams_and_comes_out_the_same_when_it_is_made_again(capsys):
    group = handling()
    group.handle(
        [message(each) for each in (authorised(), captured(amount="40.00"), authorised("S-2", currency="CHF"))]
    )
    call_command("project", "ledger")
    assert balances() == {
        "authorised EUR": "-60.00",
        "receivable EUR": "60.00",
        "cash EUR": "40.00",
        "sales EUR": "-40.00",
        "authorised CHF": "-100.00",
        "receivable CHF": "100.00",
    }
    group.handle([message(refunded(amount="15.00", status="partially_refunded"))])
    call_command("project", "ledger")
    assert (balances()["cash EUR"], balances()["refunds EUR"]) == ("25.00", "15.00")
    check_ledger()
    before = balances(), list(LedgerPosting.objects.values_list("order_number", "version", "account", "amount"))
    call_command("project", "ledger", "--rebuild")
    after = balances(), list(LedgerPosting.objects.values_list("order_number", "version", "account", "amount"))
    assert after == before
    check_ledger()


@pytest.mark.django_db
def test_why_a_balance_is_so_is_told_by_page_newest_first(handle):
    handle(*(authorised(f"S-{number}", f"{number}.00") for number in range(1, 6)))
    enter_all()
    account = LedgerAccount.objects.get(account="receivable")
    newest = postings(account, size=2)
    assert [str(each.after) for each in newest] == [str(account.balance), str(account.balance - newest[0].amount)]
    older = postings(account, before=newest[-1].pk, size=3)
    assert older[0].after == newest[-1].after - newest[-1].amount
    assert older[-1].after == older[-1].amount, "from nothing"


@pytest.mark.django_db
def test_what_moves_no_money_is_no_entry(handle):
    handle(requested("charge"))
    assert not LedgerPosting.objects.exists()
