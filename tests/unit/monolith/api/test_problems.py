import pytest
from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from monolith.api.catalogue import explanations
from tests.unit.monolith.api.views import SMALL_API

pytestmark = SMALL_API
BASKET = {"name": "Ada", "lines": [{"sku": "MUG", "quantity": 1}]}


@pytest.fixture
def client():
    return APIClient(raise_request_exception=False)


def test_a_refusal_by_the_shop_is_a_problem_with_a_stable_type(client):
    answer = client.post("/api/raising/?raise=shop", BASKET)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/api/problems/out_of_stock/",
        "title": "Out of stock",
        "status": 409,
        "detail": "MUG is sold out.",
        "code": "out_of_stock",
        "instance": "/api/raising/",
    }


def test_wrong_fields_are_named_with_their_path(client):
    answer = client.post("/api/raising/", {"name": "A" * 21, "lines": [{"sku": "MUG", "quantity": 1}, {"quantity": 0}]})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["errors"] == [
        {"field": "name", "detail": "Ensure this field has no more than 20 characters."},
        {"field": "lines.1.sku", "detail": "This field is required."},
        {"field": "lines.1.quantity", "detail": "Ensure this value is greater than or equal to 1."},
    ]
    assert "lines.1.sku: This field is required." in answer.json()["detail"]


def test_what_is_wrong_with_the_whole_has_an_empty_field(client):
    answer = client.post("/api/raising/", {**BASKET, "name": "nobody"})
    assert answer.json()["errors"] == [{"field": "", "detail": "Nobody buys nothing."}]
    assert client.post("/api/raising/", [1]).json()["errors"][0]["field"] == ""


@pytest.mark.parametrize(
    ("send", "status", "code"),
    [
        (lambda c: c.post("/api/raising/?raise=404", BASKET), 404, "not_found"),
        (lambda c: c.post("/api/raising/", "{", content_type="application/json"), 400, "parse_error"),
        (lambda c: c.post("/api/raising/", "x", content_type="text/csv"), 415, "unsupported_media_type"),
        (lambda c: c.get("/api/open/", headers={"Accept": "text/csv"}), 406, "not_acceptable"),
        (lambda c: c.get("/api/raising/"), 405, "method_not_allowed"),
        (lambda c: c.get("/api/entries/"), 401, "not_authenticated"),
        (lambda c: c.get("/api/open/", headers={"Authorization": "Token x"}), 401, "authentication_failed"),
        (lambda c: c.get("/api/nothing/here/"), 404, "not_found"),
    ],
)
def test_every_refusal_is_a_problem(client, send, status, code):
    answer = send(client)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert (answer.json()["status"], answer.json()["code"]) == (status, code)


def test_the_instance_is_a_uri_whatever_was_asked_for(client):
    assert client.get("/api/nothing/%C2%84%20%22/").json()["instance"] == "/api/nothing/%C2%84%20%22/"


def test_a_401_says_how_to_log_in(client):
    assert client.get("/api/entries/")["WWW-Authenticate"] == "Token"


def test_a_403_is_a_problem(client_of, person):
    answer = client_of(person).get("/api/groups/")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_a_form_from_another_site_is_refused():
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(User.objects.create(username="ada"))
    assert client.post("/api/pay/", {"name": "x"}).status_code == 403


def test_a_token_and_a_session_both_log_in(client):
    user = User.objects.create(username="ada")
    by_token = client.get("/api/entries/", headers={"Authorization": f"Token {Token.objects.create(user=user)}"})
    client.force_login(user)
    assert (by_token.status_code, client.get("/api/entries/").status_code) == (200, 200)


def test_a_bug_stays_a_500(client):
    answer = client.post("/api/raising/?raise=bug", BASKET)
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/html; charset=utf-8")


def test_a_person_with_a_browser_sees_a_problem_as_a_page(client):
    answer = client.get("/api/entries/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer["Content-Type"]) == (401, "text/html; charset=utf-8")
    assert "not_authenticated" in answer.content.decode()


def test_an_address_without_its_slash_is_redirected_and_a_page_that_is_not_there_is_html(client):
    assert client.get("/api/open").status_code == 301
    assert client.get("/nothing/")["Content-Type"].startswith("text/html")


def test_the_type_of_a_problem_leads_to_an_explanation(client):
    answer = client.get("/api/problems/out_of_stock/")
    assert answer.json()["status"] == 409
    assert answer.json()["explanation"]
    assert client.get("/api/problems/nonsense/").status_code == 404


def test_every_code_is_explained(client):
    listed = client.get("/api/problems/").json()
    assert {each["code"] for each in listed} == set(explanations())
    assert [each["code"] for each in listed if not each["explanation"]] == []
    assert {"idempotency_key_reused", "precondition_failed", "throttled"} <= set(explanations())


def test_a_request_that_django_refuses_itself_is_a_problem(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answer = client.post("/api/raising/", BASKET)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
