"""What staff sees of the service: admin and API."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from extracted.notifications.models import Email
from tests.unit.extracted.notifications.factories import captured, message, placed

pytestmark = pytest.mark.django_db
LIST = "admin:notifications_email_changelist"


@pytest.fixture
def emails(handle):
    handle(message(placed()), message(captured(order_number="S-2", customer_email="bob@example.com")))
    return list(Email.objects.order_by("id"))


@pytest.fixture
def desk(client, staff):
    client.force_login(staff)
    return client


@pytest.fixture
def api(staff):
    client = APIClient()
    client.force_authenticate(staff)
    return client


def wanted(email: Email) -> list[str]:
    return [email.address, email.order_number, email.message_id]


def test_the_admin_finds_an_email_by_address_order_number_and_message_id(desk, emails):
    for email in emails:
        for text in wanted(email):
            assert list(desk.get(reverse(LIST), {"q": text}).context["cl"].queryset) == [email]


def test_the_admin_filters_by_status_and_template(desk, emails):
    assert list(desk.get(reverse(LIST), {"template__exact": "payment_receipt"}).context["cl"].queryset) == emails[1:]
    assert list(desk.get(reverse(LIST), {"status__exact": "failed"}).context["cl"].queryset) == []


def test_an_email_is_read_not_written_in_the_admin(desk, emails):
    page = reverse("admin:notifications_email_change", args=[emails[0].pk])
    assert emails[0].body.splitlines()[0].replace("&", "&amp;").split("<")[0] in desk.get(page).content.decode()
    desk.post(page, {"address": "mallory@example.com", "status": "failed"})
    emails[0].refresh_from_db()
    assert (emails[0].address, emails[0].status) == ("ada@example.com", "sent")
    assert desk.get(reverse("admin:notifications_email_add")).status_code == 403
    assert desk.post(reverse("admin:notifications_email_delete", args=[emails[0].pk])).status_code == 403


def test_the_admin_sends_again_under_the_same_message_id(desk, emails, mailoutbox, django_capture_on_commit_callbacks):
    rows = {"action": "send_again", "_selected_action": [email.pk for email in emails]}
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.post(reverse(LIST), rows, follow=True)
    assert [str(said) for said in answer.context["messages"]] == ["Sent again: 2"]
    ids = [sent.extra_headers["Message-ID"] for sent in mailoutbox]
    assert sorted(ids) == sorted([email.message_id for email in emails] * 2)


def test_dead_letters_are_in_the_admin_too(desk):
    assert desk.get(reverse("admin:strangler_inbox_deadletter_changelist")).status_code == 200


def test_the_api_lists_shows_and_finds(api, emails):
    assert [row["id"] for row in api.get("/api/emails/").json()["results"]] == [emails[1].pk, emails[0].pk]
    shown = api.get(f"/api/emails/{emails[0].pk}/").json()
    assert (shown["template"], shown["status"], shown["cause"]) == ("order_confirmation", "sent", emails[0].cause)
    for text in wanted(emails[1]):
        assert [row["id"] for row in api.get("/api/emails/", {"search": text}).json()["results"]] == [emails[1].pk]


def test_the_api_sends_again(api, emails, mailoutbox, django_capture_on_commit_callbacks):
    Email.objects.update(status="failed", attempts=8, last_error="no mail server")
    with django_capture_on_commit_callbacks(execute=True):
        answer = api.post(f"/api/emails/{emails[0].pk}/send-again/")
    assert (answer.status_code, answer.json()["status"], answer.json()["last_error"]) == (200, "pending", "")
    assert Email.objects.get(pk=emails[0].pk).status == "sent"
    assert [sent.to for sent in mailoutbox][2:] == [["ada@example.com"]]


def test_a_longer_list_takes_no_more_queries(api, handle):
    def queries():
        with CaptureQueriesContext(connection) as caught:
            api.get("/api/emails/")
        return len(caught)

    handle(message(placed()))
    few = queries()
    handle(*(message(placed(order_number=f"S-{number}")) for number in range(5)))
    assert queries() == few == 2


@pytest.mark.parametrize(("method", "path"), [("get", ""), ("get", "1/"), ("post", "1/send-again/")])
def test_the_api_is_for_staff(method, path):
    client = APIClient()
    assert getattr(client, method)(f"/api/emails/{path}").status_code == 401
    client.force_authenticate(get_user_model().objects.create_user("nobody"))
    assert getattr(client, method)(f"/api/emails/{path}").status_code == 403


def test_a_password_gets_the_token_that_opens_the_api(staff):
    client = APIClient()
    token = client.post("/api/token/", {"username": "staff", "password": "correct horse"}).json()["token"]
    assert client.get("/api/emails/", headers={"Authorization": f"Token {token}"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"), [("?search=%00", 400), ("?page=x", 404), ("99999999999999999999/", 404), ("%00/", 404)]
)
def test_nonsense_in_an_address_is_the_callers_error(api, path, status):
    assert api.get(f"/api/emails/{path}").status_code == status


def test_health_needs_no_log_in_and_names_the_database():
    assert APIClient().get("/api/health/").json() == {"status": "ok", "database": "ok"}
