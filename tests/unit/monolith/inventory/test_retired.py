"""At `retired` the shop asks and listens: it neither reads nor writes what is to be dropped."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monolith.errors import NothingToShip, OutOfStock, ShopError
from monolith.inventory.events import StockAdjusted, StockChangeRedirected, StockTold
from monolith.inventory.factories import KnownStockFactory, StockItemFactory, TransferFactory
from monolith.inventory.gates import known_stock, nothing_left
from monolith.inventory.models import Change, KnownStock, StockItem, Warehouse
from monolith.inventory.ownership import hand_over
from monolith.inventory.selectors import availability, held, low_stock, places
from monolith.inventory.services import cancel_transfer, release, request, ship, take_back
from monolith.inventory.transfers import dispatch_transfer

pytestmark = pytest.mark.django_db

Status = Change.Status
GOING = ("stockitem", "reservation", "stockmovement", "transfer", "ownership")


@pytest.fixture
def served(line, stage):
    """Ten mugs, which the service has, as it has told."""
    StockItemFactory(sku="MUG", on_hand=10)
    stage("extracted")
    hand_over(["MUG"])
    line.deliver_all()
    line.tell(StockTold(**line.service.state("MUG")))
    stage("retired")
    return line


def asked(published):
    return [message["data"] for message in published("inventory.stock_change_requested")]


def test_whatever_is_done_with_stock_touches_none_of_the_tables_that_go(served):
    with CaptureQueriesContext(connection) as captured:
        number = request("reserve", "S-1", {"MUG": 3}, instead_of="cart:1").change
        request("reserve", "S-1", {"MUG": 3}, change=number)
        ship("S-1", {"MUG": 1})
        take_back("S-1", {"MUG": 1})
        release("S-1", ["MUG"])
        assert availability(["MUG", "NOPE"]) == {"MUG": 10, "NOPE": 0}
        assert (held("cart:1"), low_stock().count(), places().count()) == ({}, 0, 1)
    touched = [f"inventory_{name}" for name in GOING if f"inventory_{name}" in str(captured.captured_queries)]
    assert touched == []


def test_all_of_it_is_asked_in_order_and_known_when_it_is_answered(served, published):
    request("reserve", "S-1", {"MUG": 3})
    served.deliver_all()
    assert (KnownStock.objects.get().reserved, availability(["MUG"])) == (3, {"MUG": 7})
    ship("S-1", {"MUG": 1})
    take_back("S-1", {"MUG": 1})
    release("S-1", ["MUG"])
    assert [each["kind"] for each in asked(published)] == ["reserve", "ship", "take_back", "release"]
    assert Change.objects.filter(status=Status.ASKED).count() == 3
    served.deliver_all()
    assert [change.status for change in Change.objects.all()] == [Status.DONE] * 4
    assert availability(["MUG"]) == {"MUG": 10}
    assert KnownStock.objects.get().reserved == 0


def test_who_asks_again_gets_the_answer_that_there_was(served):
    number = request("reserve", "S-1", {"MUG": 3}).change
    assert request("reserve", "S-1", {"MUG": 3}, change=number).awaited
    served.deliver_all()
    outcome = request("reserve", "S-1", {"MUG": 3}, change=number)
    assert (outcome.awaited, outcome.warehouses) == (False, {"MUG": "MAIN"})
    too_many, unpromised = request("reserve", "S-2", {"MUG": 30}).change, request("ship", "S-3", {"MUG": 1}).change
    served.deliver_all()
    with pytest.raises(OutOfStock, match="Not enough in stock: MUG"):
        request("reserve", "S-2", {"MUG": 30}, change=too_many)
    with pytest.raises(NothingToShip, match="S-3 has nothing reserved"):
        request("ship", "S-3", {"MUG": 1}, change=unpromised)
    with pytest.raises(ShopError, match="whole numbers from 1, not 0 x MUG"):
        request("reserve", "S-4", {"MUG": 0})


def test_what_this_side_was_still_to_do_is_asked_first(served, stage, published):
    stage("extracted")
    request("reserve", "S-1", {"MUG": 3})
    release("S-1", ["MUG"])
    stage("retired")
    request("reserve", "S-1", {"MUG": 2})
    assert [each["kind"] for each in asked(published)] == ["reserve", "release", "reserve"]
    served.deliver_all()
    assert {change.status for change in Change.objects.all()} == {Status.DONE}
    assert [(each.reference, each.quantity) for each in served.service.promises["MUG"]] == [("S-1", 2)]


def test_what_the_service_does_not_have_nobody_has(served, published):
    outcome = request("reserve", "S-1", {"NEW": 1})
    [question] = asked(published)
    served.tell(StockChangeRedirected(**{name: question[name] for name in ("change", "kind", "reference", "lines")}))
    change = Change.objects.get()
    assert (change.status, change.answer) == (Status.REJECTED, "Not in stock anywhere: NEW.")
    [refusal] = published("inventory.stock_change_rejected")
    assert (refusal["data"]["change"], refusal["data"]["reason"]) == (str(outcome.change), change.answer)


def test_a_hold_is_hers_until_her_order_claims_it_or_time_is_up(served):
    until = timezone.now() + timedelta(minutes=15)
    request("reserve", "cart:1", {"MUG": 4}, expires_at=until)
    assert held("cart:1") == {}
    served.deliver_all()
    assert held("cart:1") == {"MUG": 4}
    assert held("cart:2") == {}
    Change.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert held("cart:1") == {}
    Change.objects.update(expires_at=until)
    request("reserve", "S-1", {"MUG": 4}, instead_of="cart:1")
    served.deliver_all()
    assert held("cart:1") == {}


# --- what pages and figures go by


def told(sku, on_hand, warehouse="MAIN"):
    place = {"sku": sku, "warehouse": warehouse, "on_hand": on_hand, "reserved": 0}
    moved = {"movement": uuid4().int % 10**9, "moved_at": timezone.now()}
    return StockAdjusted(**place, quantity=1, reason="counted", **moved)


def test_levels_are_those_that_were_told_last(served):
    served.tell(told("MUG", 9), told("MUG", 8), told("CUP", 3, "FAR"))
    known = {(row.sku, row.warehouse.code): (row.on_hand, row.reserved) for row in KnownStock.objects.all()}
    assert known == {("MUG", "MAIN"): (8, 0), ("CUP", "FAR"): (3, 0)}
    assert availability(["MUG", "CUP"]) == {"MUG": 8, "CUP": 3}
    Warehouse.objects.filter(code="FAR").update(active=False)
    assert availability(["CUP"]) == {"CUP": 0}


def test_a_whole_state_takes_the_place_of_what_was_known(served):
    served.tell(told("MUG", 4, "FAR"))
    served.service.levels["MUG"]["MAIN"] = [7, 0]
    served.tell(StockTold(**served.service.state("MUG")))
    assert {row.warehouse.code: row.available for row in KnownStock.objects.all()} == {"MAIN": 7, "FAR": 0}


def test_many_are_kept_with_as_many_statements_as_one(served):
    def statements(count):
        events = [told(f"SKU-{count}-{number}", 5) for number in range(count)]
        with CaptureQueriesContext(connection) as captured:
            served.tell(*events)
        return len([each for each in captured.captured_queries if "inventory_knownstock" in each["sql"]])

    assert statements(1) == statements(20) == 1


# --- what stands before it


def test_what_only_the_old_code_can_end_is_ended_first(served, stage):
    assert nothing_left().passed
    StockItemFactory(sku="CUP")
    stage("extracted")
    request("reserve", "S-1", {"MUG": 1, "CUP": 1})
    assert nothing_left().figure == "1 changes that this side has a part in, 0 transfers under way"
    served.deliver_all()
    request("reserve", "S-2", {"MUG": 1})
    release("S-2", ["MUG"])
    assert nothing_left().fails
    served.deliver_all()
    assert nothing_left().passed
    planned = TransferFactory(quantities={"CUP": 1})
    assert nothing_left().figure == "0 changes that this side has a part in, 1 transfers under way"
    cancel_transfer(planned)
    assert nothing_left().passed
    dispatch_transfer(TransferFactory(quantities={"CUP": 1}))
    assert nothing_left().fails


def test_pages_know_every_place_before_they_have_to(served):
    assert known_stock().passed
    item = StockItemFactory(sku="CUP", on_hand=3)
    assert known_stock().figure.startswith("1 places")
    known = KnownStockFactory(sku="CUP", warehouse=item.warehouse, on_hand=2)
    assert known_stock().fails
    KnownStock.objects.filter(pk=known.pk).update(on_hand=3)
    assert known_stock().passed
    StockItem.objects.create(sku="POT", warehouse=item.warehouse)
    assert known_stock().passed, "there is none of it"
