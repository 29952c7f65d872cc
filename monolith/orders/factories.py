from datetime import timedelta
from decimal import Decimal

import factory
from django.utils import timezone

from monolith.catalog.factories import VariantFactory
from monolith.customers.factories import CustomerFactory
from monolith.customers.selectors import PostalAddress
from monolith.inventory.factories import StockItemFactory
from monolith.orders.models import Cart, CartItem, Order, OrderLine, Promotion
from monolith.orders.services import checkout

BERLIN = PostalAddress("Ada Lovelace", "Hauptstr. 1", "10115", "Berlin", "DE")


class PromotionFactory(factory.django.DjangoModelFactory):
    """10 % off for everybody, since yesterday and without an end."""

    class Meta:
        model = Promotion

    code = factory.Sequence(lambda n: f"SAVE{n}")
    kind = Promotion.Kind.PERCENT
    value = Decimal("10.00")
    valid_from = factory.LazyFunction(lambda: timezone.now() - timedelta(days=1))


class CartFactory(factory.django.DjangoModelFactory):
    """`CartFactory(items=2)`: variants on sale, each with stock on hand; pass `items=0` for an empty one."""

    class Meta:
        model = Cart
        skip_postgeneration_save = True

    customer = factory.SubFactory(CustomerFactory)

    @factory.post_generation
    def items(self, create: bool, count: int | None, **_kwargs: object) -> None:
        for _ in range(1 if count is None else count) if create else ():
            CartItemFactory(cart=self)


class CartItemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CartItem
        exclude = ["stock"]

    cart = factory.SubFactory(CartFactory, items=0)
    variant = factory.SubFactory(VariantFactory)
    stock = factory.SubFactory(StockItemFactory, sku=factory.SelfAttribute("..variant.sku"))
    quantity = 2


class OrderFactory(factory.Factory):
    """An order as the shop makes one, by a checkout: stock, payment, ledger, e-mails and events are all there."""

    class Meta:
        model = Order

    cart = factory.SubFactory(CartFactory)
    address = BERLIN
    card_token = "tok_visa"  # noqa: S105

    @classmethod
    def _create(cls, _model: type[Order], *_args: object, **kwargs: object) -> Order:
        return checkout(kwargs.pop("cart"), **kwargs)


class OrderLineFactory(factory.Factory):
    """The line of an order of one line."""

    class Meta:
        model = OrderLine

    order = factory.SubFactory(OrderFactory)

    @classmethod
    def _create(cls, _model: type[OrderLine], *_args: object, order: Order) -> OrderLine:
        return order.lines.get()
