from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monolith.errors import NothingToShip, OutOfStock, ShopError
from monolith.inventory.factories import ReservationFactory, StockItemFactory, WarehouseFactory
from monolith.inventory.models import Reservation, StockItem
from monolith.inventory.selectors import held
from monolith.inventory.services import claim_hold, release, reserve, ship

pytestmark = pytest.mark.django_db

Status = Reservation.Status


@pytest.fixture
def near():
    return WarehouseFactory(code="NEAR", priority=1)


@pytest.fixture
def far():
    return WarehouseFactory(code="FAR", priority=2)


@pytest.fixture
def mugs(near, far):
    """Three nearby, five further away."""
    StockItemFactory(sku="MUG", warehouse=near, on_hand=3)
    StockItemFactory(sku="MUG", warehouse=far, on_hand=5)


def in_an_hour():
    return timezone.now() + timedelta(hours=1)


def expire_everything():
    Reservation.objects.filter(expires_at__isnull=False).update(expires_at=timezone.now() - timedelta(seconds=1))


def test_stock_comes_from_the_first_warehouse_that_has_all_of_it(mugs, levels):
    assert reserve("S-1", {"MUG": 4})["MUG"].item.warehouse.code == "FAR"
    assert reserve("S-2", {"MUG": 2})["MUG"].item.warehouse.code == "NEAR"
    assert levels() == {("MUG", "NEAR"): (3, 2), ("MUG", "FAR"): (5, 4)}


def test_a_reservation_tells_the_levels_after_it(mugs, published):
    until = in_an_hour()
    reserve("cart:1", {"MUG": 2}, expires_at=until)
    [told] = published("inventory.stock_reserved")
    assert told["data"] == {
        "sku": "MUG",
        "warehouse": "NEAR",
        "quantity": 2,
        "on_hand": 3,
        "reserved": 2,
        "reference": "cart:1",
        "expires_at": until.isoformat().replace("+00:00", "Z"),
    }


def test_all_or_nothing_and_every_sku_that_is_short_is_named(mugs, levels, published):
    StockItemFactory(sku="CUP", on_hand=9)
    with pytest.raises(OutOfStock, match=r"JUG \(wanted 1, left 0\), MUG \(wanted 6, left 5\)\. Lower"):
        reserve("S-1", {"MUG": 6, "CUP": 1, "JUG": 1})
    assert levels()["CUP", "MAIN"] == (9, 0)
    assert published() == []


def test_a_closed_warehouse_sells_nothing(near, mugs):
    StockItemFactory(sku="CUP", warehouse=WarehouseFactory(code="SHUT", priority=0, active=False))
    with pytest.raises(OutOfStock, match=r"CUP \(wanted 1, left 0\)"):
        reserve("S-1", {"CUP": 1})


@pytest.mark.parametrize("nonsense", [0, -1])
def test_nobody_reserves_or_ships_less_than_one(mugs, nonsense):
    for use_case in (reserve, ship):
        with pytest.raises(ShopError, match=f"not {nonsense} x MUG"):
            use_case("S-1", {"MUG": nonsense})


def test_holding_again_takes_the_place_of_the_hold(mugs, levels, published_types):
    reserve("cart:1", {"MUG": 3}, expires_at=in_an_hour())
    reserve("cart:1", {"MUG": 3}, expires_at=in_an_hour())
    assert levels() == {("MUG", "NEAR"): (3, 3), ("MUG", "FAR"): (5, 0)}
    assert published_types() == ["inventory.stock_reserved", "inventory.stock_released", "inventory.stock_reserved"]


def test_an_order_gets_what_its_cart_held(mugs, levels):
    StockItemFactory(sku="CUP", on_hand=1)
    reserve("cart:1", {"MUG": 5, "CUP": 1}, expires_at=in_an_hour())
    claimed = claim_hold("cart:1", "S-1", {"MUG": 5})
    assert claimed["MUG"].expires_at is None
    assert levels() == {("MUG", "NEAR"): (3, 0), ("MUG", "FAR"): (5, 5), ("CUP", "MAIN"): (1, 0)}
    assert held("cart:1") == {}


def test_a_claim_that_fails_leaves_the_hold_alone(mugs):
    reserve("cart:1", {"MUG": 5}, expires_at=in_an_hour())
    with pytest.raises(OutOfStock):
        claim_hold("cart:1", "S-1", {"MUG": 6})
    assert held("cart:1") == {"MUG": 5}


def test_an_order_needs_no_hold(mugs):
    assert claim_hold("cart:1", "S-1", {"MUG": 1})["MUG"].reference == "S-1"


def test_what_has_expired_is_free_before_the_command_comes_round(mugs, published):
    reserve("cart:1", {"MUG": 5}, expires_at=in_an_hour())
    expire_everything()
    reserve("S-1", {"MUG": 5})
    [told] = published("inventory.stock_released")
    assert (told["data"]["reference"], told["data"]["expired"]) == ("cart:1", True)
    assert Reservation.objects.get(reference="cart:1").status == Status.EXPIRED


def test_a_release_ends_every_promise_to_a_reference_and_no_other(mugs, levels, published):
    reserve("S-1", {"MUG": 3})
    reserve("S-1", {"MUG": 4})
    reserve("S-2", {"MUG": 1})
    release("S-1", ["MUG"])
    release("S-1", ["MUG"])
    assert levels() == {("MUG", "NEAR"): (3, 0), ("MUG", "FAR"): (5, 1)}
    released = [event["data"] for event in published("inventory.stock_released")]
    assert [(data["warehouse"], data["quantity"], data["expired"]) for data in released] == [
        ("NEAR", 3, False),
        ("FAR", 4, False),
    ]


def test_what_was_promised_leaves(mugs, levels, published):
    promised = reserve("S-1", {"MUG": 2})["MUG"]
    ship("S-1", {"MUG": 2})
    promised.refresh_from_db()
    assert promised.status == Status.FULFILLED
    assert levels()["MUG", "NEAR"] == (1, 0)
    [told] = published("inventory.stock_shipped")
    assert (told["data"]["quantity"], told["data"]["on_hand"], told["data"]["reserved"]) == (2, 1, 0)


def test_of_a_partial_shipment_the_rest_stays_promised_under_the_same_row(mugs, levels):
    promised = reserve("S-1", {"MUG": 5})["MUG"]
    ship("S-1", {"MUG": 2})
    promised.refresh_from_db()
    assert (promised.status, promised.quantity) == (Status.ACTIVE, 3)
    assert list(Reservation.objects.filter(status=Status.FULFILLED).values_list("reference", "quantity")) == [
        ("S-1", 2)
    ]
    assert levels()["MUG", "FAR"] == (3, 3)
    ship("S-1", {"MUG": 3})
    promised.refresh_from_db()
    assert (promised.status, promised.quantity) == (Status.FULFILLED, 3)


def test_more_than_is_promised_does_not_leave(mugs, levels):
    reserve("S-1", {"MUG": 2})
    before = levels()
    with pytest.raises(NothingToShip, match=r"S-1 has nothing reserved for 1 of 1 x CUP, 3 of 5 x MUG"):
        ship("S-1", {"MUG": 5, "CUP": 1})
    assert levels() == before


def test_two_promises_of_one_sku_leave_together(mugs, levels, published):
    reserve("S-1", {"MUG": 2})
    reserve("S-1", {"MUG": 1})
    ship("S-1", {"MUG": 3})
    assert levels()["MUG", "NEAR"] == (0, 0)
    assert [event["data"]["quantity"] for event in published("inventory.stock_shipped")] == [3]


@pytest.mark.parametrize("nonsense", [{"on_hand": -1}, {"on_hand": 1, "reserved": 2}, {"reserved": -1}])
def test_the_database_refuses_what_no_service_would_write(nonsense):
    item = StockItemFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        StockItem.objects.filter(pk=item.pk).update(**nonsense)


def test_a_longer_order_costs_no_more_queries(near, far):
    def queries(lines):
        quantities = {f"SKU-{lines}-{number}": 2 for number in range(lines)}
        for sku in quantities:
            StockItemFactory(sku=sku, warehouse=near)
            StockItemFactory(sku=sku, warehouse=far)
        with CaptureQueriesContext(connection) as captured:
            reserve(f"cart:{lines}", quantities, expires_at=in_an_hour())
            claim_hold(f"cart:{lines}", f"S-{lines}", quantities)
            ship(f"S-{lines}", dict.fromkeys(quantities, 1))
            release(f"S-{lines}", quantities)
        return len(captured)

    assert queries(1) == queries(20)


def test_factories_reserve_as_a_checkout_does(levels):
    ReservationFactory(item=StockItemFactory(sku="MUG", on_hand=4), quantity=3)
    assert levels() == {("MUG", "MAIN"): (4, 3)}
