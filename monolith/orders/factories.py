import factory

from monolith.catalog.factories import ProductFactory
from monolith.customers.factories import CustomerFactory
from monolith.customers.selectors import PostalAddress
from monolith.inventory.factories import StockItemFactory
from monolith.orders.models import Cart, CartItem, Order
from monolith.orders.services import checkout

BERLIN = PostalAddress("Ada Lovelace", "Hauptstr. 1", "10115", "Berlin", "DE")


class CartFactory(factory.django.DjangoModelFactory):
    """`CartFactory(items=2)`: products on sale, each with stock on hand; pass `items=0` for an empty one."""

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
        exclude = ["product", "stock"]

    cart = factory.SubFactory(CartFactory, items=0)
    product = factory.SubFactory(ProductFactory)
    stock = factory.SubFactory(StockItemFactory, sku=factory.SelfAttribute("..product.sku"))
    sku = factory.SelfAttribute("product.sku")
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
