import pytest
from django.core import mail

from monolith.notifications.factories import EmailFactory
from monolith.notifications.models import Email

pytestmark = pytest.mark.django_db


@pytest.fixture
def support(as_role):
    return as_role("support")


def test_emails_are_found_by_what_is_known_of_them(support):
    email = EmailFactory()
    EmailFactory(event__order_number="S-2", event__customer_email="bob@example.com")
    for query in ("address=ada@example.com", "order_number=S-0000-0000-0001&status=pending&template=payment_receipt"):
        [row] = support.get(f"/api/emails/?{query}").json()["results"]
        assert row == support.get(f"/api/emails/{email.pk}/").json()
        assert (row["id"], row["template"], row["address"]) == (email.pk, "payment_receipt", "ada@example.com")


def test_an_email_is_sent_again_under_the_same_message_id(support, django_capture_on_commit_callbacks):
    email = EmailFactory()
    Email.objects.update(status="failed", attempts=8, last_error="no such host")
    with django_capture_on_commit_callbacks(execute=True):
        answer = support.post(f"/api/emails/{email.pk}/send-again/")
    assert (answer.status_code, answer.json()["status"], answer.json()["last_error"]) == (200, "pending", "")
    [sent] = mail.outbox
    assert sent.extra_headers["Message-ID"] == email.message_id
    assert support.get(f"/api/emails/{email.pk}/").json()["status"] == "sent"


def test_only_support_reads_letters_and_sends_them_again(who_may):
    email = EmailFactory()
    assert who_may("get", "/api/emails/") == {"support"}
    assert who_may("get", f"/api/emails/{email.pk}/") == {"support"}
    assert who_may("post", f"/api/emails/{email.pk}/send-again/") == {"support"}


def test_a_longer_list_takes_no_more_queries(support, queries_of):
    EmailFactory()
    few = queries_of(support, "/api/emails/")
    EmailFactory.create_batch(4)
    assert queries_of(support, "/api/emails/") == few == 1


@pytest.mark.parametrize("path", ["%00/", "x/", f"{10**30}/", f"{'9' * 5000}/", "?address=%00", "?status=lost"])
def test_an_address_of_nothing_is_the_callers_mistake(support, path):
    assert support.get(f"/api/emails/{path}").status_code in {400, 404}
    assert support.post(f"/api/emails/{10**30}/send-again/").status_code == 404
