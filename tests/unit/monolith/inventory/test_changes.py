"""The one door: what is the monolith's own is done at once, the rest is asked for, in the order of its reference."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monolith.errors import NothingToShip, OutOfStock, ShopError, StockElsewhere
from monolith.inventory.events import StockChangeDone, StockChangeRedirected, StockChangeRejected
from monolith.inventory.factories import ReservationFactory, StockItemFactory, TransferFactory, WarehouseFactory
from monolith.inventory.models import Change, Reservation, StockItem
from monolith.inventory.ownership import hand_over, recall
from monolith.inventory.pursuing import LOOK_AGAIN, work_off
from monolith.inventory.services import (
    adjust_stock,
    claim_hold,
    dispatch_transfer,
    receive_transfer,
    release,
    release_expired,
    request,
    reserve,
    ship,
    take_back,
)

pytestmark = pytest.mark.django_db

Status = Change.Status


@pytest.fixture
def stock():
    """Ten CUPs of the monolith's own, and ten MUGs that are handed over, as the service has heard."""
    return StockItemFactory(sku="CUP", on_hand=10), StockItemFactory(sku="MUG", on_hand=10)


@pytest.fixture
def served(stock, line):
    hand_over(["MUG"])
    line.deliver_all()
    return line


def asked(published):
    return [message["data"] for message in published("inventory.stock_change_requested")]


def promised():
    active = Reservation.objects.filter(status="active")
    return {(sku, reference): n for sku, reference, n in active.values_list("item__sku", "reference", "quantity")}


def due():
    Change.objects.update(due_at=timezone.now())


def test_what_is_the_monoliths_own_is_done_at_once_and_nobody_is_asked(stock, published):
    outcome = request("reserve", "S-1", {"CUP": 2, "MUG": 1})
    assert (outcome.awaited, outcome.warehouses) == (False, {"CUP": "MAIN", "MUG": "MAIN"})
    assert {sku: row.quantity for sku, row in outcome.reservations.items()} == {"CUP": 2, "MUG": 1}
    assert asked(published) == []
    assert not Change.objects.exists()


def test_what_the_service_keeps_is_asked_for(served, published):
    until = timezone.now() + timedelta(minutes=5)
    number = uuid4()
    outcome = request("reserve", "S-1", {"MUG": 3}, instead_of="cart:1", expires_at=until, change=number)
    assert (outcome.change, outcome.awaited, outcome.warehouses, promised()) == (number, True, {}, {})
    [question] = asked(published)
    assert question == {
        "change": str(number),
        "kind": "reserve",
        "reference": "S-1",
        "lines": [{"sku": "MUG", "quantity": 3, "warehouse": "", "epoch": 1}],
        "instead_of": "cart:1",
        "expires_at": until.isoformat().replace("+00:00", "Z"),
        "reason": "",
    }
    assert Change.objects.get().status == Status.ASKED
    served.deliver_all()
    change = Change.objects.get()
    assert (change.status, change.lines[0]["warehouse"], change.answered_at is None) == (Status.DONE, "MAIN", False)
    assert promised() == {("MUG", "S-1"): 3}, "by the service's own event"
    assert published("inventory.stock_change_done") == [], "the service has said it"


def test_of_a_mixed_change_the_own_part_is_done_and_the_rest_is_asked_for(served, published):
    outcome = request("reserve", "S-1", {"MUG": 3, "CUP": 2})
    assert (outcome.awaited, outcome.warehouses) == (True, {"CUP": "MAIN"})
    assert promised() == {("CUP", "S-1"): 2}
    assert [line["sku"] for line in asked(published)[0]["lines"]] == ["MUG"]
    served.deliver_all()
    assert promised() == {("CUP", "S-1"): 2, ("MUG", "S-1"): 3}


def test_all_or_nothing_where_the_own_part_is_short(served, published):
    with pytest.raises(OutOfStock, match=r"CUP \(wanted 11, left 10\)"):
        request("reserve", "S-1", {"MUG": 3, "CUP": 11})
    assert (promised(), asked(published), Change.objects.count()) == ({}, [], 0)


def test_all_or_nothing_where_the_service_is_short(served, published):
    """What the monolith has promised for its part already, it takes back."""
    request("reserve", "S-1", {"MUG": 11, "CUP": 2})
    served.deliver_all()
    change = Change.objects.get(kind="reserve")
    assert (change.status, change.answer) == (Status.REJECTED, "Not enough in stock: MUG (wanted 11).")
    assert promised() == {}
    assert published("inventory.stock_change_rejected") == []


def test_nothing_leaves_for_an_order_of_which_a_part_is_refused(served, levels):
    """What was promised for the other part is taken back before anything that was asked later."""
    request("reserve", "S-1", {"MUG": 11, "CUP": 2})
    assert request("ship", "S-1", {"CUP": 2}).awaited, "all or nothing of the order is not settled yet"
    served.deliver_all()
    assert Change.objects.get(kind="ship").status == Status.REJECTED
    assert levels()["CUP", "MAIN"] == (10, 0)


def test_nonsense_is_refused_before_anybody_is_asked(served):
    with pytest.raises(ShopError, match="not 0 x MUG"):
        request("reserve", "S-1", {"MUG": 0})


def test_asked_once_more_the_answer_is_the_same(served, published):
    number = uuid4()
    for _ in range(2):
        assert request("reserve", "S-1", {"MUG": 3, "CUP": 1}, change=number).awaited
    assert len(asked(published)) == 2
    served.deliver_all()
    again = request("reserve", "S-1", {"MUG": 3, "CUP": 1}, change=number)
    assert (again.awaited, again.warehouses) == (False, {"MUG": "MAIN", "CUP": "MAIN"})
    assert promised() == {("MUG", "S-1"): 3, ("CUP", "S-1"): 1}
    refused = uuid4()
    request("reserve", "S-2", {"MUG": 30}, change=refused)
    served.deliver_all()
    with pytest.raises(OutOfStock, match=r"MUG \(wanted 30\)"):
        request("reserve", "S-2", {"MUG": 30}, change=refused)


@pytest.mark.parametrize("times", [1, 3])
def test_an_answer_counts_once_however_often_it_comes(served, times):
    outcome = request("reserve", "S-1", {"MUG": 3})
    told = {"kind": "reserve", "reference": "S-1", "lines": Change.objects.get().lines}
    for _ in range(times):
        served.tell(StockChangeRejected(change=outcome.change, reason="no", **told))
    served.tell(StockChangeDone(change=outcome.change, **told), StockChangeRedirected(change=outcome.change, **told))
    served.tell(StockChangeDone(change=uuid4(), **told))
    assert (Change.objects.get().status, Change.objects.get().answer) == (Status.REJECTED, "no")


def test_changes_of_one_reference_are_done_one_after_the_other(served, published):
    request("reserve", "S-1", {"MUG": 3})
    release("S-1", ["MUG"])
    assert len(asked(published)) == 1, "the release waits for the answer"
    assert [change.status for change in Change.objects.order_by("pk")] == [Status.ASKED, Status.WAITING]
    served.deliver_all()
    assert [change.status for change in Change.objects.order_by("pk")] == [Status.DONE, Status.DONE]
    assert promised() == {}
    assert served.service.promises["MUG"] == []


def test_other_references_and_other_skus_do_not_wait(served):
    request("reserve", "S-1", {"MUG": 3})
    assert not request("reserve", "S-1", {"CUP": 1}).awaited
    request("reserve", "S-2", {"MUG": 1})
    assert [change.status for change in Change.objects.all()] == [Status.ASKED, Status.ASKED]


def test_a_cancellation_waits_for_what_was_asked_even_where_the_sku_has_come_home(served):
    """Or it would find nothing to release, and the reservation that is redirected would be made after it, for ever."""
    recall(["MUG"])
    served.collect()
    place = "service", "inventory.stock_item:MUG"
    served.deliver(place)
    request("reserve", "S-1", {"MUG": 3})
    served.deliver(("monolith", "inventory.stock_item:MUG"), most=9)
    release("S-1", ["MUG"])
    assert promised() == {}
    served.deliver_all()
    assert [change.status for change in Change.objects.order_by("pk")] == [Status.DONE, Status.DONE]
    assert promised() == {}
    assert StockItem.objects.get(sku="MUG").reserved == 0


def test_what_is_redirected_after_the_sku_came_home_is_done_here(served, published):
    recall(["MUG"])
    request("reserve", "S-1", {"MUG": 3})
    served.collect()
    served.deliver(("service", "inventory.stock_item:MUG"), most=9)
    served.deliver(("monolith", "inventory.stock_item:MUG"), most=9)
    served.deliver_all()
    change = Change.objects.get()
    assert (change.status, promised()) == (Status.DONE, {("MUG", "S-1"): 3})
    [told] = published("inventory.stock_change_done")
    assert (told["data"]["change"], told["data"]["lines"][0]["warehouse"]) == (str(change.change), "MAIN")
    [redirected] = [message for message in served.all_heard if message.event_type == StockChangeRedirected.event_type]
    assert told["causationid"] == str(redirected.id)


def test_what_is_redirected_while_the_baton_is_in_the_air_waits_for_it(served, published):
    recall(["MUG"])
    request("reserve", "S-1", {"MUG": 3})
    served.collect()
    served.deliver(("service", "inventory.stock_item:MUG"), most=9)
    answers = "inventory.stock_change:S-1"
    served.deliver(("service", answers))
    served.deliver(("monolith", answers), most=9)
    change = Change.objects.get()
    assert (change.status, change.due_at > timezone.now()) == (Status.REDIRECTED, True)
    assert change.due_at <= timezone.now() + LOOK_AGAIN
    due()
    assert work_off() == 0, "nothing has moved"
    served.deliver(("monolith", "inventory.stock_item:MUG"), most=9)
    assert Change.objects.get().status == Status.DONE, "at once, when it arrives"
    assert promised() == {("MUG", "S-1"): 3}
    assert len(published("inventory.stock_change_done")) == 1


def test_what_is_redirected_long_ago_is_asked_for_anew(served, published):
    outcome = request("reserve", "S-1", {"MUG": 3})
    told = {"kind": "reserve", "reference": "S-1", "lines": Change.objects.get().lines}
    served.tell(StockChangeRedirected(change=outcome.change, **told))
    Change.objects.update(answered_at=timezone.now() - timedelta(minutes=1), due_at=timezone.now())
    assert work_off() == 1
    first, second = asked(published)
    assert first["change"] != second["change"], "under the old number the answer would be the old one"
    assert first["lines"] == second["lines"]


def test_what_was_asked_anew_is_answered_under_the_number_it_had_first(served, published):
    recall(["MUG"])
    outcome = request("reserve", "S-1", {"MUG": 3})
    served.collect()
    for place in ("stock_item:MUG", "stock_change:S-1"):
        served.deliver(("service", f"inventory.{place}"), most=9)
    served.deliver(("monolith", "inventory.stock_change:S-1"), most=9)
    ahead = served.queues["monolith", "inventory.stock_item:MUG"]
    assert ahead
    while ahead:
        served.deliver(("monolith", "inventory.stock_item:MUG"))
        if not Change.objects.filter(status=Status.DONE).exists():
            hand_over(["MUG"])
    served.deliver_all()
    assert Change.objects.get().status == Status.DONE
    answers = [m["data"]["change"] for m in published("inventory.stock_change_done")]
    assert answers in ([str(outcome.change)], [])


def test_a_redirected_change_that_is_short_here_is_rejected_under_its_number(served, published):
    recall(["MUG"])
    outcome = request("reserve", "S-1", {"MUG": 30})
    served.collect()
    served.deliver(("service", "inventory.stock_item:MUG"), most=9)
    served.deliver_all()
    [told] = published("inventory.stock_change_rejected")
    assert told["data"]["change"] == str(outcome.change)
    assert "MUG (wanted 30, left 10)" in told["data"]["reason"]
    assert Change.objects.get().status == Status.REJECTED


def test_a_checkout_of_what_the_service_keeps_is_refused_and_oversells_nothing(served, published):
    wanted = {"MUG": 1, "CUP": 1}
    for door in (lambda: reserve("S-1", wanted), lambda: claim_hold("cart:1", "S-1", wanted)):
        with pytest.raises(StockElsewhere, match=r"stock of MUG is kept by the inventory service"):
            door()
    assert (promised(), asked(published)) == ({}, [])


def test_a_hold_of_what_the_service_keeps_is_let_go_there(served, published):
    """The cart held MUGs and bought none of them."""
    request("reserve", "cart:1", {"MUG": 2}, instead_of="cart:1", expires_at=timezone.now() + timedelta(hours=1))
    served.deliver_all()
    claim_hold("cart:1", "S-1", {"CUP": 1})
    assert [(each["kind"], each["reference"]) for each in asked(published)[1:]] == [("release", "cart:1")]
    served.deliver_all()
    assert promised() == {("CUP", "S-1"): 1}


def test_shipping_taking_back_and_adjusting_are_asked_for_too(served, published, levels):
    reserve("S-1", {"CUP": 2})
    request("reserve", "S-1", {"MUG": 3})
    served.deliver_all()
    ship("S-1", {"CUP": 2, "MUG": 3})
    assert levels() == {("CUP", "MAIN"): (8, 0), ("MUG", "MAIN"): (10, 3)}
    served.deliver_all()
    assert levels() == {("CUP", "MAIN"): (8, 0), ("MUG", "MAIN"): (7, 0)}
    take_back("S-1", {"CUP": 1, "MUG": 1})
    item = adjust_stock("MUG", by=-2, reason="broken")
    assert (item.sku, item.on_hand) == ("MUG", 7), "as it is known here"
    served.deliver_all()
    assert levels() == {("CUP", "MAIN"): (9, 0), ("MUG", "MAIN"): (6, 0)}
    kinds = [(each["kind"], each["lines"][0]["warehouse"], each["lines"][0]["quantity"]) for each in asked(published)]
    assert kinds == [("reserve", "", 3), ("ship", "", 3), ("take_back", "MAIN", 1), ("adjust", "MAIN", -2)]
    assert {change.status for change in Change.objects.all()} == {Status.DONE}


def test_more_than_is_promised_does_not_leave_there_either(served):
    ship("S-1", {"MUG": 1})
    served.deliver_all()
    change = Change.objects.get()
    assert (change.status, change.answer) == (Status.REJECTED, "S-1 has nothing reserved for 1 x MUG")
    with pytest.raises(NothingToShip):
        request("ship", "S-1", {"MUG": 1}, change=change.change)


def test_the_first_units_in_another_warehouse_are_the_services_to_put_there(served, published, levels):
    shop = WarehouseFactory(code="SHOP")
    item = adjust_stock("MUG", by=2, reason="found", warehouse=shop)
    assert (item.sku, item.on_hand, levels()["MUG", "SHOP"]) == ("MUG", 0, (0, 0))
    assert asked(published)[0]["lines"] == [{"sku": "MUG", "quantity": 2, "warehouse": "SHOP", "epoch": 1}]


def test_a_transfer_of_what_the_service_keeps_is_refused_by_name(served, levels):
    transfer = TransferFactory(quantities={"MUG": 1, "CUP": 1})
    with pytest.raises(StockElsewhere, match=rf"Transfer {transfer} can't be dispatched: the stock of MUG is kept by"):
        dispatch_transfer(transfer)
    transfer.refresh_from_db()
    assert (transfer.status, levels()["CUP", "MAIN"]) == ("planned", (10, 0))


def test_what_was_on_the_road_when_its_sku_went_is_asked_to_be_added(stock, line, levels):
    transfer = dispatch_transfer(TransferFactory(quantities={"MUG": 4, "CUP": 1}, destination__code="SHOP"))
    hand_over(["MUG"])
    line.deliver_all()
    line.service.warehouses["SHOP"] = line.service.warehouses["MAIN"].model_copy(update={"code": "SHOP"})
    assert receive_transfer(transfer).status == "received"
    assert levels()["CUP", "SHOP"] == (1, 0)
    line.deliver_all()
    assert levels()["MUG", "SHOP"] == (4, 0)
    assert Change.objects.get().reason == f"transfer {transfer} from MAIN"


def test_promises_of_the_service_expire_there(served):
    gone = timezone.now() - timedelta(seconds=1)
    request("reserve", "cart:1", {"MUG": 2}, expires_at=gone)
    reserve("cart:2", {"CUP": 1}, expires_at=gone)
    served.deliver_all()
    assert release_expired() == 1
    assert promised() == {("MUG", "cart:1"): 2}


def test_a_change_that_nobody_pursued_is_found_by_those_who_look_for_it(served):
    """As after a kill -9 between the commit and what comes after it."""
    request("reserve", "S-1", {"MUG": 3})
    release("S-1", ["MUG"])
    Change.objects.filter(status=Status.ASKED).update(status=Status.DONE)
    due()
    assert (work_off(), work_off()) == (1, 0)
    assert Change.objects.first().status == Status.ASKED


@pytest.mark.parametrize(
    ("door", "most"),
    [
        (lambda: reserve("S-1", {"CUP": 2, "MUG": 1}), 8 + 1),
        (lambda: claim_hold("cart:1", "S-2", {"CUP": 1}), 11 + 1),
        (lambda: ship("S-0", {"CUP": 1}), 10),
        (lambda: release("S-0", ["CUP"]), 8 + 1),
        (lambda: take_back("S-0", {"CUP": 1}), 8 + 1),
        (lambda: adjust_stock("CUP", by=1, reason="found"), 8 + 1),
    ],
    ids=["reserve", "claim_hold", "ship", "release", "take_back", "adjust_stock"],
)
def test_a_door_costs_a_query_more_than_before_there_was_a_service(stock, door, most):
    """And no more than that, savepoints included; a first stock item takes four, once."""
    ReservationFactory(item=stock[0], reference="S-0", quantity=2)
    reserve("cart:1", {"CUP": 1}, expires_at=timezone.now() + timedelta(hours=1))
    with CaptureQueriesContext(connection) as captured:
        door()
    assert len(captured) <= most, "\n".join(query["sql"][:150] for query in captured)


def test_numbers_of_changes_are_uuids(served):
    assert isinstance(request("reserve", "S-1", {"MUG": 1}).change, UUID)
