"""What staff and the monolith see of the service: admin and API."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.urls import reverse
from rest_framework.test import APIClient

from tests.unit.extracted.reporting.factories import AT, adjusted, message, placed, published, registered, shipped

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("that_day")]

FIGURES = ["sales-by-day", "top-products", "top-customers", "cohorts", "stock-turnover"]


@pytest.fixture
def told(handle):
    handle(
        *(message(event) for event in (placed(), published(), registered(), adjusted(1), shipped(2))),
    )


@pytest.fixture
def api(staff):
    client = APIClient()
    client.force_authenticate(staff)
    return client


@pytest.mark.usefixtures("told")
def test_the_api_tells_every_figure_by_the_names_of_its_parts(api):
    day, month = "2026-11-23", "2026-11-01"
    assert api.get("/api/sales-by-day/?days=1").json() == {"EUR": [{"day": day, "orders": 1, "revenue": "9.90"}]}
    assert api.get("/api/top-products/?days=1").json() == [
        {
            "sku": "MUG",
            "name": "Mug",
            "category": "For the kitchen",
            "units": 2,
            "revenue": "9.90",
            "currency": "EUR",
        }
    ]
    assert api.get("/api/top-customers/").json() == [
        {
            "customer_id": 7,
            "name": "Ada",
            "email": "ada@example.com",
            "orders": 1,
            "returns": 0,
            "lifetime_value": "9.90",
            "last_order_at": AT.isoformat().replace("+00:00", "Z"),
        }
    ]
    assert api.get("/api/cohorts/?months=1").json() == [
        {"first": month, "month": month, "customers": 1, "orders": 1, "revenue": "9.90"}
    ]
    assert api.get("/api/stock-turnover/?limit=1").json() == [
        {"sku": "MUG", "shipped": 2, "returned": 0, "opening": 0, "closing": 98, "turnover": "0.04"}
    ]


@pytest.mark.parametrize("figure", FIGURES)
def test_figures_are_for_staff_and_for_the_monolith(figure, staff):
    client, path = APIClient(), f"/api/{figure}/"
    assert client.get(path).status_code == 401
    assert client.get(path, headers={"Authorization": "Bearer another token"}).status_code == 401
    assert client.get(path, headers={"Authorization": "Bearer a token"}).status_code == 200
    token = client.post("/api/token/", {"username": "staff", "password": "correct horse"}).json()["token"]
    assert client.get(path, headers={"Authorization": f"Token {token}"}).status_code == 200
    client.force_authenticate(get_user_model().objects.create_user("nobody"))
    assert client.get(path).status_code == 403


def test_without_a_token_in_the_settings_no_token_is_right(settings):
    settings.STRANGLER = {**settings.STRANGLER, "SERVICE_TOKEN": ""}
    for told in ("Bearer ", "Bearer a token"):
        assert APIClient().get("/api/cohorts/", headers={"Authorization": told}).status_code == 401


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sales-by-day/?days=0", "days"),
        ("sales-by-day/?days=many", "days"),
        ("top-products/?limit=101", "limit"),
        ("top-products/?currency=eur", "currency"),
        ("top-customers/?limit=%00", "limit"),
        ("cohorts/?months=121", "months"),
        ("stock-turnover/?months=-1", "months"),
    ],
)
def test_a_wrong_parameter_is_named(api, query, field):
    answer = api.get(f"/api/{query}")
    assert (answer.status_code, list(answer.json())) == (400, [field])


@pytest.mark.usefixtures("told")
def test_everything_is_read_and_nothing_is_written_in_the_admin(client, staff):
    client.force_login(staff)
    shown = [model for model in apps.get_app_config("reporting").get_models() if admin.site.is_registered(model)]
    assert len(shown) == 8
    for model in shown:
        listed = f"admin:reporting_{model._meta.model_name}_changelist"
        assert client.get(reverse(listed)).status_code == 200
        assert client.get(reverse(f"admin:reporting_{model._meta.model_name}_add")).status_code == 403
        page = reverse(f"admin:reporting_{model._meta.model_name}_change", args=[model.objects.first().pk])
        assert client.get(page).status_code == 200
        assert client.post(page, {"generation": 9}).status_code == 403


def test_health_needs_no_log_in_and_names_the_database():
    assert APIClient().get("/api/health/").json() == {"status": "ok", "database": "ok"}
