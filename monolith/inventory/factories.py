import factory

from monolith.inventory.models import StockItem, StockMovement


class StockItemFactory(factory.django.DjangoModelFactory):
    """Stock with the ledger entry that explains it."""

    class Meta:
        model = StockItem
        django_get_or_create = ["sku"]
        skip_postgeneration_save = True

    sku = factory.Sequence(lambda n: f"SKU-{n:05d}")
    on_hand = 100

    @factory.post_generation
    def movement(self, create: bool, _extracted: object, **_kwargs: object) -> None:
        if create and self.on_hand and not StockMovement.objects.filter(sku=self.sku).exists():
            StockMovement.objects.create(
                sku=self.sku, quantity=self.on_hand, reason=StockMovement.Reason.ADJUSTED, reference="factory"
            )
