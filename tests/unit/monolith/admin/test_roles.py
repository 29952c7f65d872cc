"""Who may do what: every role against every page and every action, by both ways an action can be reached."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.urls import reverse

from monolith import roles
from monolith.backoffice.pages import ServiceAdmin
from monolith.catalog.models import Variant
from monolith.inventory.models import StockItem, Transfer
from monolith.notifications.models import Email
from monolith.orders.models import Order
from monolith.payments.models import Payment
from monolith.shipping.factories import ShipmentFactory
from monolith.shipping.models import Return, Shipment
from tests.unit.monolith.admin.conftest import url
from tests.unit.monolith.admin.rows import MAKE

pytestmark = pytest.mark.django_db

each_model = pytest.mark.parametrize("model", MAKE, ids=lambda model: model._meta.label)
ROLES = ["support", "warehouse", "finance", ""]

ACTIONS = {
    (Variant, "withdraw"): "support",
    (Variant, "put_on_sale"): "support",
    (Order, "cancel"): "support",
    (Email, "send_again"): "support",
    (Order, "ship"): "warehouse",
    (Shipment, "book_carrier"): "warehouse",
    (Shipment, "deliver"): "warehouse",
    (Return, "receive"): "warehouse",
    (Return, "reject"): "warehouse",
    (StockItem, "restock"): "warehouse",
    (Transfer, "dispatch_transfer"): "warehouse",
    (Transfer, "receive"): "warehouse",
    (Transfer, "cancel"): "warehouse",
    (Order, "refund"): "finance",
    (Order, "write_off"): "finance",
    (Payment, "capture"): "finance",
}
ANSWERS = {"confirmed": "yes", "reason": "because", "by": "1"}

SEEN_BY_ALL = {
    *("category", "product", "variant", "price", "warehouse", "stockitem", "knownstock"),
    *("order", "shipment", "return", "packingjob"),
}
IN_DETAIL = {"stockmovement", "reservation", "transfer", "ownership", "change"}
MONEY = {"payment", "paymentrequest", "payments.ownership"}
SEEN = {
    "support": SEEN_BY_ALL | {"customer", "cart", "promotion", "email"} | MONEY,
    "warehouse": SEEN_BY_ALL | IN_DETAIL,
    "finance": SEEN_BY_ALL | IN_DETAIL | MONEY | {"customer", "promotion", "ledgerentry", "dailysales"},
    "": set(),
}
ADDED = {
    "support": {"category", "product", "variant"},
    "warehouse": {"warehouse", "stockitem", "transfer"},
    "finance": {"price", "promotion"},
    "": set(),
}
CHANGED = {
    "support": {"category", "product", "variant", "customer"},
    "warehouse": {"warehouse", "stockitem"},
    "finance": {"promotion"},
    "": set(),
}
FIGURES = {
    "support": {"Orders today", "New customers today", "Orders to ship", "Parcels under way", "Returns waiting"}
    | {"Low stock", "E-mails failed", "Dead letters", "Sagas stuck"},
    "warehouse": {"Orders today", "Orders to ship", "Parcels under way", "Returns waiting", "Low stock"},
    "finance": {"Orders today", "Revenue today", "Refunded today", "New customers today"}
    | {"Orders to ship", "Parcels under way", "Returns waiting", "Low stock"},
    "": set(),
}


@pytest.fixture
def applied(monkeypatch):
    """What an action would have done, had it been allowed to."""
    done = []
    monkeypatch.setattr(ServiceAdmin, "apply", lambda self, request, rows, *_: done.extend(rows))
    return done


def test_every_action_of_every_page_has_an_owner_here():
    theirs = {(model, name) for model in MAKE for name in admin.site._registry[model].actions}
    assert theirs == set(ACTIONS)


@pytest.mark.parametrize("case", ACTIONS, ids=lambda case: f"{case[0].__name__}-{case[1]}")
def test_an_action_is_for_its_role_alone_from_the_list_and_from_the_row(desk_of, applied, case):
    model, action = case
    parcel = ShipmentFactory(status="dispatched") if action == "write_off" else None
    row = parcel.order if parcel else MAKE[model](1)
    form = {"action": action, **ANSWERS, "parcels": [parcel.pk] if parcel else []}
    for role in ROLES:
        desk, expected = desk_of(role), [row] if role == ACTIONS[case] else []
        desk.post(url(model, "changelist"), {**form, "_selected_action": [row.pk]})
        assert applied == expected, role
        applied.clear()
        answer = desk.post(url(model, "change", row.pk), form)
        assert (applied, answer.status_code) == (expected, 302 if expected else 403), role
        applied.clear()


@each_model
def test_a_page_is_for_those_who_need_it(desk_of, model):
    name, row = model._meta.model_name, MAKE[model](1)
    name = model._meta.label_lower if model._meta.label_lower in MONEY else name  # inventory has one called so, too
    for role in ROLES:
        desk = desk_of(role)
        page = desk.get(url(model, "change", row.pk))
        expected = 200 if name in SEEN[role] else 403
        assert (desk.get(url(model, "changelist")).status_code, page.status_code) == (expected, expected), role
        assert desk.get(url(model, "add")).status_code == (200 if name in ADDED[role] else 403), role
        if expected == 200:
            mine = {action for (of, action), owner in ACTIONS.items() if of is model and owner == role}
            assert {button["name"] for button in page.context["buttons"]} == mine
            assert page.context["has_change_permission"] == (name in CHANGED[role]), role


@each_model
def test_nobody_but_its_role_saves_a_page(desk_of, model):
    page = url(model, "change", MAKE[model](1).pk)
    for role in ROLES:
        if model._meta.model_name not in CHANGED[role]:
            assert desk_of(role).post(page, {}).status_code == 403, role


@pytest.mark.parametrize("role", ROLES)
def test_the_figures_of_the_first_page_are_those_one_may_look_into(desk_of, role):
    desk = desk_of(role)
    figures = desk.get(reverse("admin:index")).context["figures"]
    assert {figure.link.label for figure in figures} == FIGURES[role]
    assert [desk.get(figure.link.url).status_code for figure in figures] == [200] * len(figures)


@pytest.mark.parametrize("role", ROLES)
def test_the_sales_dashboard_is_for_finance(desk_of, role):
    assert desk_of(role).get(reverse("admin:sales-dashboard")).status_code == (200 if role == "finance" else 403)


@pytest.mark.parametrize("role", ROLES)
def test_the_packing_list_is_for_those_who_see_parcels(desk_of, role):
    assert desk_of(role).get(reverse("admin:shipping_packing_list")).status_code == (200 if role else 403)


@pytest.mark.parametrize("page", ["admin:index", "admin:sales-dashboard", "admin:shipping_packing_list"])
def test_whoever_is_not_logged_in_is_sent_to_the_log_in(client, page):
    answer = client.get(reverse(page))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("admin:login"))


def test_a_link_to_what_one_may_not_see_is_not_shown(desk_of):
    page = url(Order, "change", MAKE[Order](1).pk)
    labels = {
        role: [link.label for link in desk_of(role).get(page).context["links"]] for role in ("support", "warehouse")
    }
    assert labels == {
        "support": ["Parcels", "Returns", "Payment", "Checkout", "E-mails"],
        "warehouse": ["Parcels", "Returns"],
    }


def test_every_permission_in_the_table_exists():
    labels = {f"{app}.{name}" for app, name in Permission.objects.values_list("content_type__app_label", "codename")}
    assert set().union(*roles.ROLES.values()) - labels == set()


def test_a_migrate_gives_back_what_was_taken_and_leaves_what_was_added():
    group = Group.objects.get(name="finance")
    before = set(group.permissions.all())
    extra = Permission.objects.get(codename="cancel_order")
    group.permissions.remove(Permission.objects.get(codename="refund_order"))
    group.permissions.add(extra)
    call_command("migrate", verbosity=0)
    assert set(group.permissions.all()) == before | {extra}
    assert Group.objects.count() == len(roles.ROLES)
