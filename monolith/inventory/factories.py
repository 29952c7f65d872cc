from typing import Any

import factory

from monolith.inventory import services
from monolith.inventory.models import (
    Change,
    KnownStock,
    Ownership,
    Reservation,
    StockItem,
    StockMovement,
    Transfer,
    TransferLine,
    Warehouse,
)
from monolith.inventory.ownership import hand_over


class WarehouseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Warehouse
        django_get_or_create = ["code"]

    code = factory.Sequence(lambda n: f"W{n:03d}")
    name = factory.LazyAttribute(lambda warehouse: f"Warehouse {warehouse.code}")


class StockItemFactory(factory.django.DjangoModelFactory):
    """Stock in the warehouse MAIN (or another), with the ledger entry that explains it."""

    class Meta:
        model = StockItem
        django_get_or_create = ["warehouse", "sku"]
        skip_postgeneration_save = True

    warehouse = factory.SubFactory(WarehouseFactory, code="MAIN")
    sku = factory.Sequence(lambda n: f"SKU-{n:05d}")
    on_hand = 100

    @factory.post_generation
    def movement(self, create: bool, _extracted: object, **_kwargs: object) -> None:
        if create and self.on_hand and not self.movements.exists():
            reason = StockMovement.Reason.ADJUSTED
            StockMovement.objects.create(item=self, quantity=self.on_hand, reason=reason, reference="factory")


class StockMovementFactory(factory.Factory):
    """Stock that somebody adjusted, `on_hand` included."""

    class Meta:
        model = StockMovement

    item = factory.SubFactory(StockItemFactory)
    quantity = 10
    reference = "counted"

    @classmethod
    def _create(cls, _model: type[StockMovement], *, item: StockItem, quantity: int, reference: str) -> StockMovement:
        services.adjust_stock(item.sku, by=quantity, reason=reference, warehouse=item.warehouse)
        return item.movements.first()


class ReservationFactory(factory.Factory):
    """Reserved as a checkout does it, out of enough stock; `expires_at` makes it a hold."""

    class Meta:
        model = Reservation

    reference = factory.Sequence(lambda n: f"S-{n:04d}")
    item = factory.SubFactory(StockItemFactory)
    quantity = 1
    expires_at = None

    @classmethod
    def _create(
        cls, _model: type[Reservation], *, reference: str, item: StockItem, quantity: int, **options: Any
    ) -> Reservation:
        return services.reserve(reference, {item.sku: quantity}, **options)[item.sku]


class TransferFactory(factory.Factory):
    """Planned, out of enough stock: `TransferFactory(quantities={"MUG": 3})`, or one unit of something."""

    class Meta:
        model = Transfer

    source = factory.SubFactory(WarehouseFactory, code="MAIN")
    destination = factory.SubFactory(WarehouseFactory)
    quantities = factory.LazyAttribute(lambda transfer: {StockItemFactory(warehouse=transfer.source).sku: 1})

    @classmethod
    def _create(cls, _model: type[Transfer], **options: Any) -> Transfer:
        return services.plan_transfer(**options)


class TransferLineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TransferLine

    transfer = factory.SubFactory(TransferFactory)
    sku = factory.LazyAttribute(lambda line: StockItemFactory(warehouse=line.transfer.source).sku)
    quantity = 1


class OwnershipFactory(factory.Factory):
    """Of a SKU in stock that was handed over to the service."""

    class Meta:
        model = Ownership

    sku = factory.Sequence(lambda n: f"AWAY-{n:05d}")

    @classmethod
    def _create(cls, _model: type[Ownership], *, sku: str) -> Ownership:
        StockItemFactory(sku=sku)
        hand_over([sku])
        return Ownership.objects.get(sku=sku)


class ChangeFactory(factory.Factory):
    """A reservation of one unit of each of so many SKUs, for which the service was asked."""

    class Meta:
        model = Change

    reference = factory.Sequence(lambda n: f"S-{n:04d}")
    lines = 1

    @classmethod
    def _create(cls, _model: type[Change], *, reference: str, lines: int) -> Change:
        skus = [OwnershipFactory().sku for _ in range(lines)]
        return Change.objects.get(change=services.request("reserve", reference, dict.fromkeys(skus, 1)).change)


class KnownStockFactory(factory.django.DjangoModelFactory):
    """Told by the service, which has the stock."""

    class Meta:
        model = KnownStock

    warehouse = factory.SubFactory(WarehouseFactory, code="MAIN")
    sku = factory.Sequence(lambda n: f"KNOWN-{n:05d}")
    on_hand = 100
