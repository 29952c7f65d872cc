import pytest

from monolith.inventory.factories import WarehouseFactory
from monolith.inventory.models import StockItem
from monolith.orders.factories import CartFactory, OrderFactory
from monolith.payments.models import Payment
from monolith.shipping.factories import ReturnFactory, ShipmentFactory, TrackingEventFactory
from monolith.shipping.models import Return, Shipment, TrackingEvent

pytestmark = pytest.mark.django_db

ARRIVED = {"status": "In the sorting centre", "place": "Leipzig", "reported_at": "2026-01-02T03:04:05Z"}


@pytest.fixture
def packer(as_role):
    return as_role("warehouse")


@pytest.fixture
def order():
    return OrderFactory(cart=CartFactory(items=2), pay="on_shipment")


def lines(order, quantity):
    return [{"sku": line.sku, "quantity": quantity} for line in order.lines.all()]


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def test_shipping_an_order_packs_all_that_is_left_of_it(packer, order):
    some = {"lines": lines(order, 1)}
    [first] = packer.post(f"/api/orders/{order.number}/ship/", some).json()
    answer = packer.post(f"/api/orders/{order.number.lower()}/ship/")
    assert answer.status_code == 201
    [rest] = answer.json()
    assert [line["quantity"] for line in first["lines"] + rest["lines"]] == [1, 1, 1, 1]
    assert (rest["order_number"], rest["warehouse"], rest["tracking"]) == (order.number, "MAIN", [])
    assert Payment.objects.get().captured == order.total
    assert refusal(packer.post(f"/api/orders/{order.number}/ship/")) == (409, "nothing_to_ship")


def test_shipping_asked_for_twice_packs_once(packer, order):
    for _ in range(2):
        body = {"lines": lines(order, 1)}
        answer = packer.post(f"/api/orders/{order.number}/ship/", body, headers={"Idempotency-Key": "k"})
        assert len(answer.json()) == 1
    assert Shipment.objects.count() == 1


def test_goods_of_two_warehouses_are_two_parcels_in_the_answer(packer):
    cart = CartFactory(items=2)
    west = WarehouseFactory(code="WEST")
    StockItem.objects.filter(sku=cart.items.first().variant.sku).update(warehouse=west)
    parcels = packer.post(f"/api/orders/{OrderFactory(cart=cart).number}/ship/").json()
    assert {parcel["warehouse"] for parcel in parcels} == {"MAIN", "WEST"}


@pytest.mark.parametrize(
    "wrong", [[], [{"sku": "\0", "quantity": 1}], [{"sku": "MUG", "quantity": 10**20}], "all", [1]]
)
def test_wrong_lines_are_refused(packer, order, wrong):
    assert refusal(packer.post(f"/api/orders/{order.number}/ship/", {"lines": wrong}))[0] in {400, 409}
    assert not Shipment.objects.exists()


def test_a_parcel_is_delivered_and_tracked(packer):
    shipment = ShipmentFactory(status="dispatched")
    url = f"/api/shipments/{shipment.number}/"
    for _ in range(2):
        told = packer.post(f"{url}tracking/", ARRIVED)
        assert (told.status_code, told.json()) == (201, ARRIVED)
    assert TrackingEvent.objects.count() == 1
    delivered = packer.post(f"{url}deliver/").json()
    assert (delivered["status"], delivered["tracking"]) == ("delivered", [ARRIVED])
    assert packer.get(url).json() == delivered
    assert refusal(packer.post(f"{url}deliver/")) == (409, "illegal_transition")


@pytest.mark.parametrize(
    "change",
    [{"status": "\0"}, {"place": "x" * 101}, {"reported_at": "0001-01-01T00:00:00+14:00"}, {"reported_at": ""}],
)
def test_wrong_tracking_is_named(packer, change):
    answer = packer.post(f"/api/shipments/{ShipmentFactory().number}/tracking/", {**ARRIVED, **change})
    assert [each["field"] for each in answer.json()["errors"]] == list(change)


def test_a_customer_sees_her_own_parcels_and_nobody_elses(client_of, packer):
    mine, other = ShipmentFactory(), ShipmentFactory()
    me = client_of(mine.order.customer.user)
    assert [row["number"] for row in me.get("/api/shipments/").json()["results"]] == [mine.number]
    assert me.get(f"/api/shipments/{mine.number}/").status_code == 200
    assert me.get(f"/api/shipments/{other.number}/").status_code == 404
    assert me.get(f"/api/shipments/?order_number={other.order.number}").json()["results"] == []
    assert me.post(f"/api/shipments/{mine.number}/deliver/").status_code == 403
    assert len(packer.get("/api/shipments/").json()["results"]) == 2


def test_parcels_are_found_by_what_is_known_of_them(packer):
    waiting, gone = ShipmentFactory(), ShipmentFactory(status="dispatched")
    for query in ("status=dispatched", f"tracking_number={gone.tracking_number}", f"order_number={gone.order.number}"):
        [row] = packer.get(f"/api/shipments/?{query}").json()["results"]
        assert row["number"] == gone.number
    rows = packer.get("/api/shipments/?ordering=packed_at&warehouse=MAIN").json()["results"]
    assert [row["number"] for row in rows] == [waiting.number, gone.number]


def test_the_packing_list_tells_what_waits_for_the_carrier(packer, order):
    packer.post(f"/api/orders/{order.number}/ship/")
    ShipmentFactory(status="dispatched")
    rows = packer.get("/api/shipments/packing-list/?warehouse=MAIN&page_size=1").json()
    rows = rows["results"] + packer.get(rows["next"]).json()["results"]
    assert [row["sku"] for row in rows] == [line.sku for line in order.lines.all()]
    assert {(row["order_number"], row["customer"], row["quantity"]) for row in rows} == {
        (order.number, order.customer.name, 2)
    }
    assert packer.get("/api/shipments/packing-list/?warehouse=WEST").json()["results"] == []


def test_a_customer_asks_for_a_return_and_the_warehouse_receives_it(client_of, packer):
    shipment = ShipmentFactory(status="delivered")
    order, me = shipment.order, client_of(shipment.order.customer.user)
    asked = me.post(f"/api/orders/{order.number}/returns/", {"lines": lines(order, 1), "reason": "too small"})
    assert (asked.status_code, asked.json()["status"], asked.json()["lines"][0]["quantity"]) == (201, "requested", 1)
    url = f"/api/returns/{asked.json()['number']}/"
    assert me.get(url).json() == asked.json()
    assert me.post(f"{url}receive/").status_code == 403
    received = packer.post(f"{url}receive/").json()
    assert (received["status"], received["currency"]) == ("received", "EUR")
    assert received["refunded"] == str(Payment.objects.get(order_number=order.number).refunded) > "0"
    assert refusal(packer.post(f"{url}reject/", {"reason": "worn"})) == (409, "illegal_transition")


def test_a_return_of_what_never_came_is_refused(client_of):
    order = OrderFactory()
    body = {"lines": lines(order, 1), "reason": "too small"}
    answer = client_of(order.customer.user).post(f"/api/orders/{order.number}/returns/", body)
    assert refusal(answer) == (409, "not_returnable")


def test_a_return_asked_for_twice_is_one(client_of):
    order = ShipmentFactory(status="delivered").order
    body = {"lines": lines(order, 1), "reason": "too small"}
    for _ in range(2):
        client_of(order.customer.user).post(
            f"/api/orders/{order.number}/returns/", body, headers={"Idempotency-Key": "k"}
        )
    assert Return.objects.count() == 1


def test_a_return_is_rejected_for_a_reason(packer):
    url = f"/api/returns/{ReturnFactory().number}/reject/"
    assert refusal(packer.post(url, {})) == (400, "invalid")
    assert packer.post(url, {"reason": "worn"}).json()["status"] == "rejected"


def test_a_customer_sees_her_own_returns_and_sends_back_only_what_is_hers(client_of, packer):
    mine, other = ReturnFactory(), ReturnFactory()
    me = client_of(mine.order.customer.user)
    assert [row["number"] for row in me.get("/api/returns/?status=requested").json()["results"]] == [mine.number]
    assert me.get(f"/api/returns/{other.number}/").status_code == 404
    body = {"lines": lines(other.order, 1), "reason": "hers"}
    assert me.post(f"/api/orders/{other.order.number}/returns/", body).status_code == 404
    [row] = packer.get(f"/api/returns/?order_number={other.order.number}").json()["results"]
    assert row["number"] == other.number


def test_each_role_reads_and_moves_what_is_its_own(who_may, order):
    parcel, returned = ShipmentFactory(status="dispatched"), ReturnFactory()
    roles, warehouse = {"support", "warehouse", "finance"}, {"warehouse"}
    assert who_may("get", "/api/shipments/") == who_may("get", "/api/returns/") == {"customer", *roles}
    assert who_may("get", f"/api/shipments/{parcel.number}/") == roles
    assert who_may("get", f"/api/returns/{returned.number}/") == roles
    assert who_may("get", "/api/shipments/packing-list/") == roles
    assert who_may("post", f"/api/shipments/{parcel.number}/tracking/", ARRIVED) == warehouse
    assert who_may("post", f"/api/shipments/{parcel.number}/deliver/") == warehouse
    assert who_may("post", f"/api/returns/{returned.number}/receive/") == warehouse
    assert who_may("post", f"/api/returns/{returned.number}/reject/", {"reason": "worn"}) == warehouse
    assert who_may("post", f"/api/orders/{order.number}/ship/") == warehouse
    assert who_may("post", f"/api/orders/{order.number}/returns/", {"lines": lines(order, 1), "reason": "x"}) == {
        "support"
    }


@pytest.mark.parametrize("path", ["shipments", "shipments/packing-list", "returns"])
def test_a_longer_list_takes_no_more_queries(packer, queries_of, path):
    def grow(items):
        order = OrderFactory(cart=CartFactory(items=items))
        ReturnFactory(shipment=ShipmentFactory(order=order, status="delivered"))
        TrackingEventFactory.create_batch(
            items, shipment=ShipmentFactory(order=OrderFactory(cart=CartFactory(items=items)))
        )

    grow(1)
    few = queries_of(packer, f"/api/{path}/")
    for _ in range(2):
        grow(3)
    assert queries_of(packer, f"/api/{path}/") == few <= 4


@pytest.mark.parametrize(
    "path",
    [
        *("shipments/%00/", "shipments/P-0/", f"shipments/{'9' * 5000}/", "shipments/?order_number=%00"),
        *("shipments/packing-list/?warehouse=%00", "shipments/?status=eaten", "returns/%00/", "returns/R-0/"),
        *("returns/?order_number=%00", "returns/?status=eaten", "returns/?ordering=order"),
    ],
)
def test_an_address_of_nothing_is_the_callers_mistake(packer, path):
    assert packer.get(f"/api/{path}").status_code in {400, 404}


@pytest.mark.parametrize("number", ["%00", "S-0", "9" * 5000])
def test_an_order_of_nobody_is_neither_shipped_nor_sent_back(packer, customer, client_of, number):
    assert packer.post(f"/api/orders/{number}/ship/").status_code == 404
    body = {"lines": [{"sku": "MUG", "quantity": 1}], "reason": "x"}
    assert client_of(customer.user).post(f"/api/orders/{number}/returns/", body).status_code == 404
