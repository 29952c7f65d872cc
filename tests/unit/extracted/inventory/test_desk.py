"""What staff and the monolith see of the service: admin and API."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from extracted.inventory.models import Ownership, ShadowOutcome, StockChange, StockItem, StockMovement, Transfer
from tests.unit.extracted.inventory.books import levels, promised, published
from tests.unit.extracted.inventory.factories import adjusted, handed_over, promise, requested, reserved, told

pytestmark = pytest.mark.django_db
MONOLITH = {"Authorization": "Bearer a token"}
LATER = timezone.now() + timedelta(hours=1)


@pytest.fixture
def stocked(handle):
    """MUG is owned here, CUP is a copy."""
    handle(handed_over("MUG", {"NEAR": (10, 2), "FAR": (4, 0)}, promise("S-1", 2)))
    handle(told("CUP", {"NEAR": (3, 0)}), reserved("S-2", 1, (3, 1), sku="CUP"), adjusted(1, (4, 1), 9, sku="CUP"))
    handle(requested("reserve", "S-3", skus={"POT": 1}))


@pytest.fixture
def api(staff):
    client = APIClient()
    client.force_authenticate(staff)
    return client


@pytest.fixture
def monolith():
    return APIClient(headers=MONOLITH)


@pytest.mark.usefixtures("stocked")
def test_availability_of_many_skus_in_one_request(monolith, django_assert_num_queries):
    with django_assert_num_queries(1):
        answer = monolith.get("/api/availability?sku=MUG&sku=CUP&sku=NONE&sku=MUG")
    assert answer.json() == {"MUG": 12, "CUP": 3, "NONE": 0}


@pytest.mark.usefixtures("stocked")
def test_stock_reservations_and_warehouses_are_listed_and_filtered(api):
    assert [row["available"] for row in api.get("/api/stock/?sku=MUG").json()["results"]] == [4, 8]
    assert [row["sku"] for row in api.get("/api/stock/?low=true").json()["results"]] == ["CUP", "MUG"]
    [found] = api.get("/api/reservations/?sku=MUG&status=active").json()["results"]
    assert (found["reference"], found["warehouse"], found["quantity"]) == ("S-1", "NEAR", 2)
    assert api.get("/api/warehouses/FAR/").json()["priority"] == 2


@pytest.mark.parametrize("path", ["availability?sku=MUG", "stock/", "reservations/", "warehouses/"])
def test_reading_is_for_staff_and_for_the_monolith(path, staff, monolith):
    client = APIClient()
    assert client.get(f"/api/{path}").status_code == 401
    assert client.get(f"/api/{path}", headers={"Authorization": "Bearer another"}).status_code == 401
    assert monolith.get(f"/api/{path}").status_code == 200
    token = client.post("/api/token/", {"username": "staff", "password": "correct horse"}).json()["token"]
    assert client.get(f"/api/{path}", headers={"Authorization": f"Token {token}"}).status_code == 200
    client.force_authenticate(get_user_model().objects.create_user("nobody"))
    assert client.get(f"/api/{path}").status_code == 403


@pytest.mark.usefixtures("stocked")
def test_a_hold_is_made_at_once_and_again_under_the_same_uuid(monolith):
    body = {"reference": "cart:1", "lines": [{"sku": "MUG", "quantity": 3}], "expires_at": LATER, "change": uuid4()}
    answers = [monolith.post("/api/holds", body) for _ in range(2)]
    line = {"sku": "MUG", "quantity": 3, "warehouse": "NEAR", "epoch": 1}
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"lines": [line]})] * 2
    assert promised()["cart:1", "MUG", "NEAR"] == 3
    assert len(published("stock_reserved")) == 1


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize(
    ("sku", "code", "said"),
    [("MUG", "out_of_stock", "MUG (wanted 9, left 8)"), ("CUP", "not_the_owner", "The stock of CUP is the monolith's")],
)
def test_a_hold_that_is_refused_says_why_and_leaves_nothing(monolith, sku, code, said):
    body = {"reference": "cart:1", "lines": [{"sku": sku, "quantity": 9}], "expires_at": LATER, "change": uuid4()}
    answer = monolith.post("/api/holds", body)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert said in answer.json()["detail"]
    assert not StockChange.objects.filter(reference="cart:1").exists()


@pytest.mark.usefixtures("stocked")
def test_a_uuid_of_another_change_is_refused(monolith):
    taken, line = uuid4(), {"sku": "MUG", "quantity": 1}
    for reference, status in (("cart:1", 200), ("cart:2", 409)):
        body = {"reference": reference, "lines": [line], "expires_at": LATER, "change": taken}
        assert monolith.post("/api/holds", body).status_code == status
    body = {"reference": "S-3", "lines": [line], "expires_at": LATER}
    assert "still waits" in monolith.post("/api/holds", body).json()["detail"]


def test_holds_are_for_the_monolith_alone(api):
    body = {"reference": "cart:1", "lines": [{"sku": "MUG", "quantity": 3}], "expires_at": LATER}
    assert api.post("/api/holds", body).status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{"sku": "MUG", "quantity": 1}, {"sku": "MUG", "quantity": 1}]}, "lines"),
        ({"lines": [{"sku": "MUG", "quantity": 0}]}, "lines"),
        ({"expires_at": LATER - timedelta(days=1)}, "expires_at"),
        ({"reference": "x" * 41}, "reference"),
        ({"change": "7"}, "change"),
    ],
)
def test_a_wrong_field_of_a_hold_is_named(monolith, change, field):
    body = {"reference": "cart:1", "lines": [{"sku": "MUG", "quantity": 3}], "expires_at": LATER, **change}
    answer = monolith.post("/api/holds", body)
    assert (answer.status_code, list(answer.json())) == (400, [field])


@pytest.mark.parametrize("query", ["", "?sku=", "?sku=%00", "?" + "&".join(["sku=A"] * 501)])
def test_availability_of_nothing_or_of_too_much_is_refused(monolith, query):
    answer = monolith.get(f"/api/availability{query}")
    assert (answer.status_code, list(answer.json())) == (400, ["sku"])


@pytest.mark.usefixtures("stocked")
def test_staff_adjust_what_is_owned_here_once_for_each_uuid(api):
    body = {"sku": "MUG", "warehouse": "FAR", "by": -1, "reason": "broken", "change": str(uuid4())}
    for _ in range(2):
        answer = api.post("/api/adjustments", body)
        assert (answer.status_code, answer.json()["on_hand"]) == (201, 3)
    assert [data["reason"] for _, data in published("stock_adjusted")] == ["broken"]


@pytest.mark.usefixtures("stocked")
def test_staff_do_not_adjust_a_copy(api):
    answer = api.post("/api/adjustments", {"sku": "CUP", "by": 1, "reason": "counted"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_the_owner")
    assert "change it there" in answer.json()["detail"]
    assert levels()["CUP", "NEAR"] == (4, 1)


def test_adjusting_takes_the_permission(api, monolith):
    clerk = get_user_model().objects.create_user("clerk", is_staff=True)
    api.force_authenticate(clerk)
    body = {"sku": "CUP", "by": 1, "reason": "counted"}
    assert api.post("/api/adjustments", body).status_code == 403
    assert monolith.post("/api/adjustments", body).status_code in (401, 403)


def test_health_needs_no_log_in_and_status_takes_the_token(monolith):
    assert APIClient().get("/api/health/").json() == {"status": "ok", "database": "ok"}
    assert APIClient().get("/strangler/status").status_code == 403
    answer = monolith.get("/strangler/status").json()
    assert answer["comparisons"] == {"reservations": {"total": 0, "mismatches": 0, "clean_run": 0}}
    assert list(answer["groups"]) == ["inventory"]


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize(("name", "rows"), [("stock", 3), ("promises", 2), ("movements", 1), ("warehouses", 2)])
def test_the_monolith_can_compare(name, rows):
    from strangler.cutover.parity.declared import copies

    found = copies[name].rows()
    assert len(found) == rows
    assert copies[name].key in found[0]


@pytest.mark.usefixtures("stocked")
def test_every_page_of_the_admin_opens(client, staff):
    client.force_login(staff)
    ShadowOutcome.objects.create(sku="MUG", reference="S-9", quantity=1, theirs="NEAR", cause="short")
    for model in apps.get_app_config("inventory").get_models():
        if admin.site.is_registered(model):
            listed = f"admin:inventory_{model._meta.model_name}_changelist"
            assert client.get(reverse(listed)).status_code == 200
            for row in model.objects.all()[:1]:
                page = reverse(f"admin:inventory_{model._meta.model_name}_change", args=[row.pk])
                assert client.get(page).status_code == 200


@pytest.mark.usefixtures("stocked")
def test_a_person_adjusts_in_the_admin_what_is_owned_here_and_is_told_where_the_rest_is(client, staff):
    client.force_login(staff)
    for sku, said in (("MUG", "was changed successfully"), ("CUP", "The stock of CUP is the monolith&#x27;s")):
        item = StockItem.objects.get(sku=sku, warehouse__code="NEAR")
        page = reverse("admin:inventory_stockitem_change", args=[item.pk])
        answer = client.post(page, {"adjust_by": 5, "reason": "counted", "_continue": "1"}, follow=True)
        assert said in answer.content.decode()
    assert (levels()["MUG", "NEAR"], levels()["CUP", "NEAR"]) == ((15, 2), (4, 1))


@pytest.mark.usefixtures("stocked")
def test_a_person_sends_units_to_another_warehouse_in_the_admin(client, staff):
    client.force_login(staff)
    near, far = (StockItem.objects.get(sku="MUG", warehouse__code=code).warehouse_id for code in ("NEAR", "FAR"))

    def plan(sku: str):
        lines = {"lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 0, "lines-0-sku": sku, "lines-0-quantity": 2}
        form = {"source": near, "destination": far, **lines}
        return client.post(reverse("admin:inventory_transfer_add"), form, follow=True).content.decode()

    assert "was added successfully" in plan("MUG")
    assert "The stock of CUP is the monolith" in plan("CUP")
    transfer = Transfer.objects.get()
    page = reverse("admin:inventory_transfer_changelist")
    for action in ("dispatch_transfer", "receive", "cancel"):
        answer = client.post(page, {"action": action, "_selected_action": [transfer.pk]}, follow=True)
    assert "that is final" in answer.content.decode()
    assert (levels()["MUG", "NEAR"], levels()["MUG", "FAR"]) == ((8, 2), (6, 0))
    assert StockMovement.objects.filter(reference=transfer.number).count() == 2


def test_the_monoliths_copy_can_be_told_what_is_owned_here(stocked):
    from extracted.inventory.backfill import tell

    [state] = tell(list(Ownership.objects.filter(owner="service")))
    assert (state.sku, len(state.places), [each.reference for each in state.promises]) == ("MUG", 2, ["S-1"])
