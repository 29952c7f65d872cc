from datetime import timedelta
from decimal import Decimal
from typing import Any

import factory
from django.utils import timezone

from monolith.catalog.models import Category, Price, Product, Variant


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Category
        django_get_or_create = ["slug"]

    slug = factory.Sequence(lambda n: f"category-{n}")
    name = factory.LazyAttribute(lambda category: category.slug.replace("-", " ").capitalize())


class ProductFactory(factory.django.DjangoModelFactory):
    """A product that can be bought, with one variant; `ProductFactory(variants=3)`, or 0 for a page without any."""

    class Meta:
        model = Product
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda n: f"product-{n}")
    name = factory.LazyAttribute(lambda product: product.slug.replace("-", " ").capitalize())
    category = factory.SubFactory(CategoryFactory, slug="things")

    @factory.post_generation
    def variants(self, create: bool, count: int | None, **_kwargs: object) -> None:
        for _ in range(1 if count is None else count) if create else ():
            VariantFactory(product=self)


class VariantFactory(factory.django.DjangoModelFactory):
    """On sale since yesterday for 19.90; `VariantFactory(price=None)` makes one nobody can buy yet.

    It carries `price` and `currency` as the selectors' variants do.
    """

    class Meta:
        model = Variant

    product = factory.SubFactory(ProductFactory, variants=0)
    sku = factory.Sequence(lambda n: f"SKU-{n:05d}")
    price = Decimal("19.90")
    currency = "EUR"

    @classmethod
    def _create(cls, model: type[Variant], *args: Any, price: Decimal | None, currency: str, **fields: Any) -> Variant:
        variant = super()._create(model, *args, **fields)
        variant.price = variant.currency = None
        if price is not None:
            variant.price, variant.currency = price, currency
            PriceFactory(variant=variant, amount=price, currency=currency)
        return variant


class PriceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Price

    variant = factory.SubFactory(VariantFactory, price=None)
    amount = Decimal("19.90")
    currency = "EUR"
    valid_from = factory.LazyFunction(lambda: timezone.now() - timedelta(days=1))
