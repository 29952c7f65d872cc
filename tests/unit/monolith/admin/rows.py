"""A row for every table of the back office, with as many rows in its inlines as a test likes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from monolith.catalog.factories import CategoryFactory, PriceFactory, ProductFactory, VariantFactory
from monolith.catalog.models import Category, Price, Product, Variant
from monolith.catalog.services import change_price
from monolith.customers.factories import AddressFactory, CustomerFactory
from monolith.customers.models import Customer
from monolith.inventory.factories import (
    ChangeFactory,
    KnownStockFactory,
    OwnershipFactory,
    ReservationFactory,
    StockItemFactory,
    StockMovementFactory,
    TransferFactory,
    WarehouseFactory,
)
from monolith.inventory.models import (
    Change,
    KnownStock,
    Ownership,
    Reservation,
    StockItem,
    StockMovement,
    Transfer,
    Warehouse,
)
from monolith.notifications.factories import EmailFactory
from monolith.notifications.models import Email
from monolith.orders.factories import CartFactory, OrderFactory, PromotionFactory
from monolith.orders.models import Cart, Order, Promotion
from monolith.payments import models as payments
from monolith.payments.factories import LedgerEntryFactory, PaymentFactory, PaymentRequestFactory
from monolith.payments.factories import OwnershipFactory as PaymentOwnershipFactory
from monolith.payments.models import LedgerEntry, Payment
from monolith.payments.services import refund
from monolith.reporting.factories import DailySalesFactory
from monolith.reporting.models import DailySales
from monolith.shipping.factories import PackingJobFactory, ReturnFactory, ShipmentFactory, TrackingEventFactory
from monolith.shipping.models import PackingJob, Return, Shipment


def variant(prices: int) -> Variant:
    made = VariantFactory()
    for n in range(prices):
        change_price(made.sku, made.price + 1 + n)
    return made


def customer(addresses: int) -> Customer:
    made = CustomerFactory()
    AddressFactory.create_batch(addresses, customer=made)
    return made


def stock_item(movements: int) -> StockItem:
    item = StockItemFactory()
    StockMovementFactory.create_batch(movements, item=item)
    ReservationFactory.create_batch(movements, item=item)
    return item


def order(lines: int) -> Order:
    return OrderFactory(cart=CartFactory(items=lines))


def payment(refunds: int) -> Payment:
    made = PaymentFactory()
    for _ in range(refunds):
        refund(made.order_number, 1)
    return made


def shipment(lines: int, **options: Any) -> Shipment:
    made = ShipmentFactory(order=order(lines), **options)
    TrackingEventFactory.create_batch(lines, shipment=made)
    return made


def daily_sales(_: int) -> DailySales:
    return DailySalesFactory(day=datetime.now(UTC).date() - timedelta(days=DailySales.objects.count()))


MAKE: dict[type, Callable[[int], Any]] = {
    Category: lambda _: CategoryFactory(parent=CategoryFactory()),
    Product: lambda n: ProductFactory(variants=n),
    Variant: variant,
    Price: lambda _: PriceFactory(),
    Customer: customer,
    Warehouse: lambda _: WarehouseFactory(),
    StockItem: stock_item,
    StockMovement: lambda _: StockMovementFactory(),
    Reservation: lambda _: ReservationFactory(),
    Transfer: lambda n: TransferFactory(quantities={StockItemFactory().sku: 1 for _ in range(n)}),
    Ownership: lambda _: OwnershipFactory(),
    Change: lambda n: ChangeFactory(lines=n),
    KnownStock: lambda _: KnownStockFactory(),
    Promotion: lambda _: PromotionFactory(),
    Cart: lambda n: CartFactory(items=n, promotion=PromotionFactory()),
    Order: order,
    Payment: payment,
    LedgerEntry: lambda _: LedgerEntryFactory(),
    payments.Ownership: lambda _: PaymentOwnershipFactory(),
    payments.PaymentRequest: lambda _: PaymentRequestFactory(),
    Shipment: shipment,
    PackingJob: lambda _: PackingJobFactory(),
    Return: lambda n: ReturnFactory(shipment=shipment(n, status="delivered")),
    Email: lambda _: EmailFactory(),
    DailySales: daily_sales,
}
