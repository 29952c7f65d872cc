"""Who answers the dashboards, with the service at the other end of a real connection."""

import time
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from extracted.reporting.sql import execute
from monolith.reporting import capabilities, selectors, service
from strangler.cutover.models import ShadowCause, ShadowTally
from strangler.cutover.router import capabilities as known
from strangler.errors import ConfigurationError, ServiceUnavailable
from tests.unit.extracted.reporting_beside.shop import BACKFILLS, Shop, same

pytestmark = pytest.mark.django_db(transaction=True)
VIEWER = "1"


@pytest.fixture
def shop(first_generation):
    """Both sides know the same."""
    opened = Shop()
    opened.buy(0, {"MUG": 2, "PAN": 1})
    opened.buy(1, {"CUP": 1})
    for what in BACKFILLS:
        opened.backfill(what)
    opened.catch_up()
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _circuits_are_closed():
    yield
    for capability in known:
        if capability.context == "reporting":
            capability._fallback._circuit.close()


@pytest.fixture(autouse=True)
def _a_busy_machine_may_take_its_time(monkeypatch):
    monkeypatch.setattr(service, "TIMEOUT", 30.0)


@pytest.fixture
def at_stage(settings, live_server):
    def set_up(stage, *, url="", token="a token"):  # noqa: S107
        there = {"reporting": {"URL": url or f"{live_server.url}/service/strangler/", "TOKEN": token}}
        settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"reporting": stage}, "SERVICES": there}

    return set_up


def ask_all():
    return (
        capabilities.sales_by_day(600, viewer=VIEWER),
        capabilities.top_products(600, viewer=VIEWER),
        capabilities.top_customers(viewer=VIEWER),
    )


def joins():
    return selectors.sales_by_day(600), selectors.top_products(600), selectors.top_customers()


def a_cent_more():
    """In the service alone, so that one sees who answers."""
    execute("UPDATE reporting_sales_day SET revenue = revenue + 0.01")
    execute("UPDATE reporting_product_day SET revenue = revenue + 0.01")
    execute("UPDATE reporting_customer SET lifetime_value = lifetime_value + 0.01")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("stage", ["monolith", "emitting", "shadow", "canary:0", "canary:100", "extracted", "retired"])
def test_at_every_stage_the_figures_are_the_same_to_the_digit(at_stage, stage):
    at_stage(stage)
    same(ask_all(), joins())


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("stage", "served"),
    [("monolith", False), ("shadow", False), ("canary:0", False), ("canary:100", True), ("extracted", True)],
)
def test_the_stage_says_who_answers(at_stage, stage, served):
    a_cent_more()
    at_stage(stage)
    answers = ask_all()
    assert (repr(answers) != repr(joins())) is served
    if served:
        assert answers[2][0].lifetime_value == joins()[2][0].lifetime_value + Decimal("0.01")


@pytest.mark.usefixtures("shop")
def test_a_canary_goes_by_who_looks_and_one_person_sees_one_side_only(at_stage):
    a_cent_more()
    at_stage("canary:50")
    ours = joins()
    sides = []
    for viewer in map(str, range(30)):
        answers = (
            capabilities.sales_by_day(600, viewer=viewer),
            capabilities.top_products(600, viewer=viewer),
            capabilities.top_customers(viewer=viewer),
        )
        sides.append({repr(answer) == repr(own) for answer, own in zip(answers, ours, strict=True)})
    assert all(len(side) == 1 for side in sides)
    assert {True} in sides
    assert {False} in sides


@pytest.mark.usefixtures("shop")
def test_a_service_that_does_not_answer_costs_nobody_a_dashboard(at_stage):
    at_stage("extracted", url="http://127.0.0.1:9/strangler/")
    same(ask_all(), joins())
    at_stage("extracted", token="an old one")
    same(ask_all(), joins())
    with pytest.raises(ServiceUnavailable, match="answers 401"):
        service.ask("top-customers", limit=1)


@pytest.mark.usefixtures("shop")
def test_at_retired_the_monolith_joins_nothing_any_more(at_stage, django_assert_num_queries):
    at_stage("retired")
    with django_assert_num_queries(0):  # of this side; the service's are on connections of its own
        ask_all()


@pytest.mark.usefixtures("shop")
def test_at_retired_there_is_nobody_else_to_ask(at_stage):
    at_stage("retired", url="http://127.0.0.1:9/strangler/")
    with pytest.raises(ServiceUnavailable, match="top-customers/ does not answer"):
        capabilities.top_customers(viewer=VIEWER)


@pytest.mark.parametrize(("url", "token", "named"), [("", "x", "URL"), ("http://s/", "", "TOKEN")])
def test_a_service_that_nobody_told_of_is_named_by_its_setting(settings, url, token, named):
    there = {"reporting": {"URL": url, "TOKEN": token}}
    settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"reporting": "extracted"}, "SERVICES": there}
    with pytest.raises(ConfigurationError, match=rf'"SERVICES"\]\["reporting"\]\["{named}"\] is empty'):
        capabilities.top_customers(viewer=VIEWER)


@pytest.mark.usefixtures("shop")
def test_in_the_shadow_both_are_compared(at_stage):
    at_stage("shadow")
    ask_all()
    wait_for(lambda: sum(ShadowTally.objects.values_list("clean_run", flat=True)) == 3)
    assert not ShadowCause.objects.exists()


@pytest.mark.usefixtures("shop")
def test_the_dashboard_and_the_api_show_what_the_service_answers(at_stage, client):
    a_cent_more()
    at_stage("extracted")
    client.force_login(get_user_model().objects.create_superuser("boss", password="x"))
    theirs, ours = capabilities.top_customers(viewer=VIEWER)[0].lifetime_value, joins()[2][0].lifetime_value
    page = client.get(reverse("admin:sales-dashboard"), {"days": 730}).content.decode()
    assert str(theirs) in page
    assert str(ours) not in page
    told = client.get(reverse("report-sales"), {"days": 600}).json()
    assert told[0]["days"] != []
    revenue = sum(Decimal(day["revenue"]) for day in told[0]["days"])
    assert revenue == sum(day.revenue for day in joins()[0]["EUR"]) + Decimal("0.01")


def wait_for(condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.05)
