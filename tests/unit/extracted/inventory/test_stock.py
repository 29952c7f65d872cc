"""What the service does with stock of its own accord: holds that expire, transfers."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from extracted.inventory import services
from extracted.inventory.errors import IllegalTransition, InventoryError, LedgerIsAppendOnly, NotTheOwner, OutOfStock
from extracted.inventory.models import Reservation, StockItem, StockMovement, Warehouse
from tests.unit.extracted.inventory.books import check_levels, check_told, levels, promised, published
from tests.unit.extracted.inventory.factories import handed_over, promise, recalled, told

pytestmark = pytest.mark.django_db
OVER, LATER = (timezone.now() + timedelta(hours=by) for by in (-1, 1))


@pytest.fixture
def owned(handle):
    handle(handed_over("MUG", {"NEAR": (10, 2), "FAR": (4, 0)}, promise("cart:1", 2, expires_at=OVER)))
    handle(told("CUP", {"NEAR": (10, 3)}, promise("cart:1", 3, expires_at=OVER)))
    yield handle
    check_told()


@pytest.fixture
def warehouses(owned):
    return (Warehouse.objects.get(code=code) for code in ("NEAR", "FAR"))


@pytest.mark.usefixtures("owned")
def test_what_has_expired_is_released_where_it_is_owned():
    assert services.release_expired() == 1
    assert promised() == {("cart:1", "CUP", "NEAR"): 3}
    [(_, released)] = published("stock_released")
    assert (released["sku"], released["expired"], released["reserved"]) == ("MUG", True, 0)
    assert services.release_expired() == 0
    check_levels()


@pytest.mark.usefixtures("owned")
def test_the_command_says_how_many_and_what_interval_is_none(capsys):
    call_command("release_expired_reservations")
    call_command("release_expired_reservations")
    assert capsys.readouterr().out == "released 1\n"
    with pytest.raises(CommandError, match="--interval must be more than 0 seconds"):
        call_command("release_expired_reservations", interval=0.0)


def test_units_in_a_transfer_count_in_neither_warehouse(warehouses):
    near, far = warehouses
    transfer = services.dispatch_transfer(services.plan_transfer(near, far, {"MUG": 3}))
    assert (levels()["MUG", "NEAR"], levels()["MUG", "FAR"]) == ((7, 2), (4, 0))
    services.receive_transfer(transfer)
    assert levels()["MUG", "FAR"] == (7, 0)
    told = [(name, data["quantity"], data["transfer"]) for name, data in published()]
    assert told == [("stock_dispatched", 3, transfer.number), ("stock_received", 3, transfer.number)]
    assert sorted(StockMovement.objects.values_list("quantity", flat=True)) == [-3, 3]
    with pytest.raises(IllegalTransition, match="that is final"):
        services.cancel_transfer(transfer)


def test_a_transfer_takes_nothing_that_is_promised(warehouses):
    transfer = services.plan_transfer(*warehouses, {"MUG": 9})
    with pytest.raises(OutOfStock, match=r"NEAR can't spare MUG \(wanted 9, left 8\)"):
        services.dispatch_transfer(transfer)
    transfer.refresh_from_db()
    assert transfer.status == "planned"


def test_transfers_are_of_stock_that_is_owned_here_at_every_step(owned, warehouses):
    near, far = warehouses
    with pytest.raises(NotTheOwner, match="The stock of CUP is the monolith's"):
        services.plan_transfer(near, far, {"MUG": 1, "CUP": 1})
    planned, sent = (services.plan_transfer(near, far, {"MUG": 1}) for _ in range(2))
    services.dispatch_transfer(sent)
    owned(recalled("MUG"))
    with pytest.raises(NotTheOwner, match="The stock of MUG is the monolith's"):
        services.dispatch_transfer(planned)
    with pytest.raises(NotTheOwner, match=f"All of {sent} went to the monolith .* receive it there"):
        services.receive_transfer(sent)
    assert levels()["MUG", "FAR"] == (4, 0)


def test_units_on_their_way_go_along_with_their_sku_and_the_rest_is_received_here(owned, warehouses):
    owned(handed_over("POT", {"NEAR": (5, 0)}))
    near, far = warehouses
    sent = services.dispatch_transfer(services.plan_transfer(near, far, {"MUG": 3, "POT": 2}))
    arrived, planned = (services.plan_transfer(near, far, {"MUG": 1}) for _ in range(2))
    services.receive_transfer(services.dispatch_transfer(arrived))
    owned(recalled("MUG"), recalled("MUG"))
    [(_, given)] = published("stock_handed_over")
    line = sent.lines.get(sku="MUG")
    assert given["arriving"] == [
        {
            "number": f"{sent}-{line.pk}",
            "source": "NEAR",
            "destination": "FAR",
            "quantity": 3,
            "dispatched_at": sent.dispatched_at.isoformat().replace("+00:00", "Z"),
        }
    ], f"what has arrived, and {planned}, which nobody has sent, stay"
    services.receive_transfer(sent)
    assert (levels()["MUG", "FAR"], levels()["POT", "FAR"]) == ((5, 0), (2, 0))
    owned(handed_over("MUG", {"NEAR": (9, 0)}, epoch=3), recalled("MUG", 3))
    assert published("stock_handed_over")[-1][1]["arriving"] == [], "it went once"


@pytest.mark.parametrize(
    ("quantities", "said"), [({}, "at least one SKU"), ({"MUG": 0}, "Quantities are whole numbers from 1, not 0 x MUG")]
)
def test_a_transfer_of_nothing_is_refused(warehouses, quantities, said):
    near, far = warehouses
    with pytest.raises(InventoryError, match=said):
        services.plan_transfer(near, far, quantities)
    with pytest.raises(InventoryError, match="goes to another warehouse"):
        services.plan_transfer(near, near, {"MUG": 1})


@pytest.mark.usefixtures("owned")
def test_an_adjustment_starts_an_item_and_the_ledger_is_never_rewritten():
    services.adjust_stock("MUG", by=5, reason="delivery", warehouse="NEW")
    assert levels()["MUG", "NEW"] == (5, 0)
    movement = StockMovement.objects.get()
    for rewrite in (movement.delete, movement.save, StockMovement.objects.all().delete):
        with pytest.raises(LedgerIsAppendOnly):
            rewrite()


@pytest.mark.usefixtures("owned")
def test_a_hold_over_http_and_its_renewal():
    services.hold("cart:2", {"MUG": 8}, expires_at=LATER)
    services.hold("cart:2", {"MUG": 7}, expires_at=LATER)
    assert promised() == {("cart:2", "MUG", "NEAR"): 7, ("cart:1", "CUP", "NEAR"): 3}
    with pytest.raises(OutOfStock):
        services.hold("cart:3", {"MUG": 5}, expires_at=LATER)
    assert Reservation.objects.filter(status="active", reference="cart:3").count() == 0
    assert StockItem.objects.get(sku="MUG", warehouse__code="NEAR").reserved == 7
