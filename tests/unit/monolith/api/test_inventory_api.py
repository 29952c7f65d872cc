import pytest

from monolith.inventory.factories import ReservationFactory, StockItemFactory, TransferFactory, WarehouseFactory
from monolith.inventory.models import StockItem, StockMovement, Transfer
from monolith.inventory.services import reserve

pytestmark = pytest.mark.django_db

ADJUSTMENT = {"sku": "MUG", "by": 5, "reason": "counted"}


@pytest.fixture
def packer(as_role):
    return as_role("warehouse")


def rows(client, url):
    answer = client.get(url)
    assert answer.status_code == 200, answer.json()
    return answer.json()["results"]


def errors(answer):
    assert answer.status_code == 400
    return {each["field"] for each in answer.json()["errors"]}


def test_the_stock_shows_what_can_be_had_of_each_sku_in_each_warehouse(packer):
    item = StockItemFactory(sku="MUG", on_hand=10)
    reserve("S-1", {"MUG": 3})
    [row] = rows(packer, "/api/stock/")
    assert row == packer.get(f"/api/stock/{item.pk}/").json()
    assert row == {
        "id": item.pk,
        "sku": "MUG",
        "warehouse": "MAIN",
        "on_hand": 10,
        "reserved": 3,
        "available": 7,
        "reorder_level": 5,
        "updated_at": row["updated_at"],
    }


def test_the_stock_is_filtered_by_sku_warehouse_and_level(packer):
    west = WarehouseFactory(code="WEST")
    StockItemFactory(sku="MUG", on_hand=5)
    StockItemFactory(sku="MUG", warehouse=west)
    StockItemFactory(sku="JUG")

    def found(query):
        return [(row["sku"], row["warehouse"]) for row in rows(packer, f"/api/stock/?{query}")]

    assert found("") == [("JUG", "MAIN"), ("MUG", "WEST"), ("MUG", "MAIN")]
    assert found("sku=MUG") == [("MUG", "WEST"), ("MUG", "MAIN")]
    assert found("warehouse=WEST") == [("MUG", "WEST")]
    assert found("low=true") == [("MUG", "MAIN")]
    assert found("low=false") == [("JUG", "MAIN"), ("MUG", "WEST")]
    assert found("ordering=on_hand&sku=MUG") == [("MUG", "MAIN"), ("MUG", "WEST")]
    assert errors(packer.get("/api/stock/?low=perhaps")) == {"low"}
    assert errors(packer.get("/api/stock/?ordering=warehouse__name")) == {"ordering"}


def test_an_adjustment_is_in_the_ledger_and_done_once_for_one_key(packer):
    StockItemFactory(sku="MUG", on_hand=10)
    for _ in range(2):
        answer = packer.post("/api/stock/adjustments/", ADJUSTMENT, headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()["on_hand"]) == (201, 15)
    assert StockMovement.objects.get(reference="counted").quantity == 5


def test_an_adjustment_may_be_the_first_of_its_sku_in_a_warehouse(packer):
    WarehouseFactory(code="WEST")
    answer = packer.post("/api/stock/adjustments/", {**ADJUSTMENT, "warehouse": "WEST"})
    assert (answer.status_code, answer.json()["warehouse"], answer.json()["on_hand"]) == (201, "WEST", 5)


def test_what_is_reserved_can_not_be_adjusted_away(packer):
    StockItemFactory(sku="MUG", on_hand=10)
    reserve("S-1", {"MUG": 8})
    answer = packer.post("/api/stock/adjustments/", {**ADJUSTMENT, "by": -3})
    assert (answer.status_code, answer.json()["code"]) == (409, "out_of_stock")
    assert StockItem.objects.get().on_hand == 10


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sku", "a b"),
        ("sku", "\0"),
        ("by", 0),
        ("by", 10**20),
        ("reason", "\0"),
        ("reason", "x" * 201),
        ("warehouse", "NOWHERE"),
        ("warehouse", "\0"),
        ("warehouse", ["MAIN"]),
    ],
)
def test_a_wrong_adjustment_is_named(packer, field, value):
    WarehouseFactory(code="MAIN")
    assert errors(packer.post("/api/stock/adjustments/", {**ADJUSTMENT, field: value})) == {field}


def test_warehouses_are_read_by_code(packer):
    WarehouseFactory(code="WEST")
    assert packer.get("/api/warehouses/WEST/").json()["name"] == "Warehouse WEST"
    assert [row["code"] for row in rows(packer, "/api/warehouses/")] == ["WEST"]


def test_reservations_are_found_by_what_they_are_for(packer):
    ReservationFactory(reference="S-1", item__sku="MUG", quantity=2)
    ReservationFactory(reference="S-2", item__sku="JUG")
    for query in ("reference=S-1", "sku=MUG", "reference=S-1&status=active&warehouse=MAIN"):
        [row] = rows(packer, f"/api/reservations/?{query}")
        assert (row["reference"], row["sku"], row["warehouse"], row["quantity"]) == ("S-1", "MUG", "MAIN", 2)
    assert packer.get(f"/api/reservations/{row['id']}/").json() == row
    assert rows(packer, "/api/reservations/?status=expired") == []
    assert errors(packer.get("/api/reservations/?status=lost")) == {"status"}


def test_a_transfer_goes_from_the_plan_to_the_other_warehouse(packer):
    StockItemFactory(sku="MUG", on_hand=10)
    WarehouseFactory(code="WEST")
    plan = {"source": "MAIN", "destination": "WEST", "lines": [{"sku": "MUG", "quantity": 4}]}
    planned = packer.post("/api/transfers/", plan)
    assert planned.status_code == 201, planned.json()
    assert {**planned.json(), **plan, "status": "planned"} == planned.json()
    url = f"/api/transfers/{planned.json()['number']}/"
    assert packer.get(url).json() == planned.json()
    assert packer.post(f"{url}dispatch/").json()["status"] == "dispatched"
    assert packer.post(f"{url}receive/").json()["status"] == "received"
    assert dict(StockItem.objects.values_list("warehouse__code", "on_hand")) == {"MAIN": 6, "WEST": 4}
    [row] = rows(packer, "/api/transfers/?source=MAIN&destination=WEST&status=received")
    assert row["received_at"]
    late = packer.post(f"{url}cancel/")
    assert (late.status_code, late.json()["code"]) == (409, "illegal_transition")


def test_a_plan_can_be_cancelled_and_can_turn_out_too_large(packer):
    transfer = TransferFactory(quantities={StockItemFactory(on_hand=3).sku: 4})
    short = packer.post(f"/api/transfers/{transfer.number}/dispatch/")
    assert (short.status_code, short.json()["code"]) == (409, "out_of_stock")
    assert packer.post(f"/api/transfers/{transfer.number}/cancel/").json()["status"] == "cancelled"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{"sku": "MUG", "quantity": 1}] * 2}, "lines"),
        ({"lines": [{"sku": "MUG", "quantity": 0}]}, "lines.0.quantity"),
        ({"lines": [{"sku": "\0", "quantity": 1}]}, "lines.0.sku"),
        ({"source": "NOWHERE"}, "source"),
        ({"destination": None}, "destination"),
    ],
)
def test_a_wrong_plan_is_named(packer, change, field):
    for code in ("MAIN", "WEST"):
        WarehouseFactory(code=code)
    plan = {"source": "MAIN", "destination": "WEST", "lines": [{"sku": "MUG", "quantity": 4}], **change}
    assert errors(packer.post("/api/transfers/", plan)) == {field}
    assert not Transfer.objects.exists()


def test_a_transfer_to_where_the_units_are_is_refused(packer):
    WarehouseFactory(code="MAIN")
    plan = {"source": "MAIN", "destination": "MAIN", "lines": [{"sku": "MUG", "quantity": 4}]}
    answer = packer.post("/api/transfers/", plan)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_each_role_reads_and_writes_what_is_its_own(who_may):
    transfer = TransferFactory(quantities={StockItemFactory().sku: 1})
    everybody, warehouse = {"support", "warehouse", "finance"}, {"warehouse"}
    assert who_may("get", "/api/stock/") == everybody
    assert who_may("get", f"/api/stock/{StockItem.objects.get().pk}/") == everybody
    assert who_may("get", "/api/warehouses/") == everybody
    assert who_may("get", "/api/reservations/") == {"warehouse", "finance"}
    assert who_may("get", "/api/transfers/") == {"warehouse", "finance"}
    assert who_may("get", f"/api/transfers/{transfer.number}/") == {"warehouse", "finance"}
    assert who_may("post", "/api/stock/adjustments/", ADJUSTMENT) == warehouse
    assert who_may("post", "/api/transfers/", {}) == warehouse
    for step in ("dispatch", "receive", "cancel"):
        assert who_may("post", f"/api/transfers/{transfer.number}/{step}/") == warehouse


@pytest.mark.parametrize("path", ["stock", "warehouses", "reservations", "transfers"])
def test_a_longer_list_takes_no_more_queries(packer, queries_of, path):
    def grow():
        ReservationFactory(item__warehouse=WarehouseFactory())
        TransferFactory(quantities={StockItemFactory().sku: 1, StockItemFactory().sku: 1})

    grow()
    few = queries_of(packer, f"/api/{path}/")
    for _ in range(3):
        grow()
    assert queries_of(packer, f"/api/{path}/") == few <= 4


@pytest.mark.parametrize(
    "path",
    [
        *(
            "stock/%00/",
            "stock/x/",
            f"stock/{10**30}/",
            f"stock/{'9' * 5000}/",
            "stock/?sku=%00",
            "stock/?warehouse=%00",
        ),
        *("warehouses/%00/", "warehouses/NOWHERE/", f"reservations/{10**30}/", "reservations/?reference=%00"),
        *("transfers/%00/", "transfers/T-0/", "transfers/?source=%00", "stock/?page_size=0", "stock/?cursor=%00"),
    ],
)
def test_an_address_of_nothing_is_the_callers_mistake(packer, path):
    assert packer.get(f"/api/{path}").status_code in {400, 404}
