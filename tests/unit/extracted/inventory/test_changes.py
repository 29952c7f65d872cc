"""Changes that are asked for by event: what is done, what is refused, and what is answered."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from extracted.inventory.events import ChangeLine, StockHandedOver, StockPlace
from extracted.inventory.models import Reservation, StockChange, StockMovement
from strangler.inbox.models import ParkedMessage
from strangler.messaging import decode
from strangler.outbox.models import OutboxMessage
from tests.unit.extracted.inventory.books import OWN, answers, check_told, levels, promised, published
from tests.unit.extracted.inventory.factories import handed_over, message, promise, requested, told, warehouse

pytestmark = pytest.mark.django_db
LATER = timezone.now() + timedelta(hours=1)
OVER = timezone.now() - timedelta(hours=1)


@pytest.fixture
def owned(handle):
    handle(handed_over("MUG", {"NEAR": (3, 0), "FAR": (9, 0)}), handed_over("CUP", {"NEAR": (5, 0)}))
    yield handle
    check_told()


def lines(name):
    """SKU, warehouse and units of each line of each such answer."""
    answered = [data["lines"] for _, data in published(name)]
    return [[(line["sku"], line["warehouse"], line["quantity"]) for line in each] for each in answered]


def test_a_reservation_takes_each_line_out_of_the_first_warehouse_that_has_all_of_it(owned):
    owned(requested("reserve", "S-1", skus={"MUG": 4, "CUP": 1}))
    assert lines("stock_change_done") == [[("CUP", "NEAR", 1), ("MUG", "FAR", 4)]]
    assert promised() == {("S-1", "MUG", "FAR"): 4, ("S-1", "CUP", "NEAR"): 1}
    told = {data["sku"]: (data["warehouse"], data["reserved"]) for _, data in published("stock_reserved")}
    assert told == {"MUG": ("FAR", 4), "CUP": ("NEAR", 1)}


def test_a_warehouse_that_is_told_to_be_closed_or_later_is_not_taken_from_first(owned):
    """Warehouses are the same for all SKUs: what is told with one of another holds."""
    now = {"NEAR": {"active": False}, "FAR": {"priority": 9}, "NEW": {"priority": 8}}
    places = [
        StockPlace(warehouse=warehouse(code, **is_), on_hand=9, reserved=0, reorder_level=5)
        for code, is_ in now.items()
    ]
    owned(StockHandedOver(sku="POT", places=places, promises=(), to="service", epoch=1))
    owned(requested("reserve", "S-1", skus={"POT": 2, "MUG": 2}), requested("reserve", "S-2", skus={"CUP": 1}))
    assert lines("stock_change_done") == [[("MUG", "FAR", 2), ("POT", "NEW", 2)]]
    assert answers() == ["done", "rejected"]


def test_all_lines_or_none_and_the_refusal_names_what_is_short(owned):
    owned(requested("reserve", "S-1", skus={"MUG": 10, "CUP": 1}))
    assert published("stock_reserved") == []
    [(_, refused)] = published("stock_change_rejected")
    assert refused["reason"].startswith("Not enough in stock: MUG (wanted 10, left 9).")
    assert promised() == {}


def test_a_hold_makes_way_for_its_order_in_the_same_go(owned):
    owned(requested("reserve", "cart:1", skus={"MUG": 9, "CUP": 5}, expires_at=LATER))
    owned(requested("reserve", "S-1", skus={"MUG": 9}, instead_of="cart:1"))
    assert promised() == {("S-1", "MUG", "FAR"): 9}
    assert answers() == ["done", "done"]


def test_a_hold_stays_where_its_order_is_refused(owned):
    owned(requested("reserve", "cart:1", skus={"MUG": 9}, expires_at=LATER))
    owned(requested("reserve", "S-1", skus={"MUG": 10}, instead_of="cart:1"))
    assert promised() == {("cart:1", "MUG", "FAR"): 9}
    assert answers() == ["done", "rejected"]


def test_a_hold_is_renewed_in_place(owned):
    for units in (9, 8):
        owned(requested("reserve", "cart:1", skus={"MUG": units}, expires_at=LATER))
    assert promised() == {("cart:1", "MUG", "FAR"): 8}


def test_what_has_expired_is_free_from_that_second_on(owned):
    owned(requested("reserve", "cart:1", skus={"MUG": 9}, expires_at=LATER))
    Reservation.objects.update(expires_at=OVER)
    owned(requested("reserve", "S-1", skus={"MUG": 9}))
    assert promised() == {("S-1", "MUG", "FAR"): 9}
    assert [data["expired"] for _, data in published("stock_released")] == [True]


def test_a_release_of_zero_is_of_all_that_is_promised_and_of_nothing_is_fine(owned):
    owned(requested("reserve", "S-1", skus={"MUG": 2, "CUP": 2}), requested("release", "S-1", skus={"MUG": 0}))
    assert promised() == {("S-1", "CUP", "NEAR"): 2}
    owned(requested("release", "S-1", skus={"MUG": 0, "CUP": 1}))
    assert promised() == {("S-1", "CUP", "NEAR"): 1}
    assert lines("stock_change_done")[1:] == [[("MUG", "NEAR", 2)], [("CUP", "NEAR", 1), ("MUG", "", 0)]]


def test_a_shipment_keeps_the_promise_in_parts_with_entries_in_the_ledger(owned):
    owned(requested("reserve", "S-1", skus={"MUG": 3}), requested("ship", "S-1", skus={"MUG": 2}))
    assert levels()["MUG", "NEAR"] == (1, 1)
    assert promised() == {("S-1", "MUG", "NEAR"): 1}
    movement = StockMovement.objects.get()
    assert (movement.quantity, movement.reference) == (-2, "S-1")
    assert movement.pk >= OWN
    [(_, told)] = published("stock_shipped")
    assert (told["movement"], told["on_hand"], told["reserved"]) == (movement.pk, 1, 1)
    owned(requested("ship", "S-1", skus={"MUG": 1}))
    assert set(Reservation.objects.values_list("status", "quantity")) == {("fulfilled", 2), ("fulfilled", 1)}


def test_nothing_leaves_that_is_not_promised(owned):
    owned(requested("reserve", "S-1", skus={"MUG": 1, "CUP": 2}), requested("ship", "S-1", skus={"CUP": 2, "MUG": 2}))
    assert answers() == ["done", "rejected"]
    assert "nothing reserved for 1 of 2 x MUG" in published("stock_change_rejected")[0][1]["reason"]
    assert levels()["CUP", "NEAR"] == (5, 2)


def test_units_that_come_back_are_on_the_shelf_again(owned):
    far = ChangeLine(sku="CUP", quantity=2, warehouse="FAR", epoch=1)
    owned(requested("take_back", "S-1", far, skus={"MUG": 1}))
    assert (levels()["CUP", "FAR"], levels()["MUG", "NEAR"]) == ((2, 0), (4, 0))
    assert [data["quantity"] for _, data in published("stock_returned")] == [2, 1]


def test_an_adjustment_is_signed_and_never_takes_what_is_promised(owned):
    owned(requested("reserve", "S-1", skus={"MUG": 2}))
    lost, found = (ChangeLine(sku="MUG", quantity=by, warehouse="NEAR", epoch=1) for by in (-2, 4))
    owned(requested("adjust", "count", found, reason="counted"))
    owned(requested("adjust", "count", lost, lost, lost, reason="broken"))
    assert levels()["MUG", "NEAR"] == (7, 2)
    assert [(data["quantity"], data["reason"]) for _, data in published("stock_adjusted")] == [(4, "counted")]
    assert "7 on hand in NEAR, 2 of them reserved" in published("stock_change_rejected")[0][1]["reason"]


@pytest.mark.parametrize(
    ("kind", "quantity"), [("reserve", 0), ("ship", -1), ("take_back", 0), ("adjust", 0), ("release", -1)]
)
def test_a_quantity_that_means_nothing_is_rejected(owned, kind, quantity):
    owned(requested(kind, "S-1", skus={"MUG": quantity}))
    assert answers() == ["rejected"]


def test_the_same_answer_again_however_often_it_is_asked(owned):
    first, second = (requested("reserve", "S-1", skus={"MUG": n}, change=uuid4()) for n in (2, 20))
    owned(first, message(first), message(second))
    owned(message(second), requested("release", "S-1", skus={"MUG": 0}), message(first))
    assert answers() == ["done", "done", "rejected", "rejected", "done", "done"]
    told = [data for _, data in published("stock_change_done") if data["change"] == str(first.change)]
    assert told == [told[0]] * 3
    assert len(published("stock_reserved")) == 1


def test_a_release_after_its_reservation_leaves_nothing_in_one_batch_or_in_two(owned):
    owned(requested("reserve", "S-1", skus={"MUG": 2}), requested("release", "S-1", skus={"MUG": 0}))
    assert promised() == {}
    assert [name for name, _ in published()] == [
        *("stock_reserved", "stock_change_done"),
        *("stock_released", "stock_change_done"),
    ]


def test_an_order_that_comes_back_after_its_release_is_a_new_promise(owned):
    """One reference is one key: what comes later was asked later."""
    owned(requested("release", "S-1", skus={"MUG": 0}))
    owned(requested("reserve", "S-1", skus={"MUG": 2}))
    assert promised() == {("S-1", "MUG", "NEAR"): 2}


def test_each_answer_belongs_to_the_conversation_of_its_request(owned):
    asked = [message(requested("reserve", f"S-{n}", skus={"MUG": 1})) for n in range(3)]
    owned(*asked)
    told = [decode(payload) for payload in OutboxMessage.objects.order_by("position").values_list("payload", flat=True)]
    assert [each.causationid for each in told] == [str(each.id) for each in asked for _ in range(2)]
    assert {each.correlationid for each in told} == {each.envelope.correlationid for each in asked}


def test_what_is_not_owned_here_is_redirected_and_left_alone(handle):
    handle(told("MUG", {"NEAR": (3, 0)}), handed_over("CUP", {"NEAR": (3, 0)}))
    handle(requested("reserve", "S-1", skus={"MUG": 1, "CUP": 1}, epoch=0))
    assert answers() == ["redirected"]
    assert promised() == {}
    [(_, answer)] = published("stock_change_redirected")
    assert {line["sku"]: line["epoch"] for line in answer["lines"]} == {"MUG": 0, "CUP": 1}


def test_a_hold_of_stock_that_is_the_monoliths_is_left_to_the_monolith(handle):
    handle(told("MUG", {"NEAR": (3, 1)}, promise("cart:1", 1, expires_at=LATER)), handed_over("CUP", {"NEAR": (3, 0)}))
    handle(requested("reserve", "cart:1", skus={"CUP": 1}, expires_at=LATER))
    handle(requested("reserve", "S-1", skus={"CUP": 3}, instead_of="cart:1"))
    assert promised() == {("cart:1", "MUG", "NEAR"): 1, ("S-1", "CUP", "NEAR"): 3}


def test_a_bad_request_waits_alone(handle):
    """A reference that no column holds: the others of its batch are decided."""
    handle(handed_over("MUG", {"NEAR": (9, 0)}))
    handle(*(requested("reserve", reference, skus={"MUG": 1}) for reference in ("S-1", "x" * 41, "S-2")))
    assert promised() == {("S-1", "MUG", "NEAR"): 1, ("S-2", "MUG", "NEAR"): 1}
    assert ParkedMessage.objects.count() == 1
    ParkedMessage.objects.all().delete()
    assert StockChange.objects.count() == 2
