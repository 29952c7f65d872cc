"""Rules every context keeps: ledgers are append-only, the numbers can't be guessed, the database refuses nonsense."""

from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.db.models import Sum

from monolith.catalog.factories import ProductFactory
from monolith.catalog.services import change_price
from monolith.errors import LedgerIsAppendOnly, NotFound
from monolith.inventory.models import StockItem, StockMovement
from monolith.orders.factories import OrderFactory
from monolith.orders.models import ALPHABET, new_order_number
from monolith.orders.services import cancel_order
from monolith.payments.models import LedgerEntry, Payment

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("ledger", [StockMovement, LedgerEntry])
def test_a_ledger_is_append_only(ledger):
    OrderFactory()
    entry = ledger.objects.first()
    for forbidden in (entry.save, entry.delete, ledger.objects.all().delete, lambda: ledger.objects.update(pk=1)):
        with pytest.raises(LedgerIsAppendOnly, match="opposite entry"):
            forbidden()


def test_the_stock_ledger_explains_the_stock():
    cancel_order(OrderFactory(), "no")
    OrderFactory()
    moved = dict(StockMovement.objects.values_list("sku").annotate(Sum("quantity")).order_by())
    assert moved == dict(StockItem.objects.values_list("sku", "on_hand"))


def test_order_numbers_are_readable_and_do_not_repeat():
    numbers = {new_order_number() for _ in range(1000)}
    assert len(numbers) == 1000
    assert all(set(number.removeprefix("S-").replace("-", "")) <= set(ALPHABET) for number in numbers)


@pytest.mark.parametrize(
    "nonsense",
    [
        lambda: StockItem.objects.update(on_hand=-1),
        lambda: Payment.objects.update(refunded=Decimal(1000)),
        lambda: ProductFactory(price=0),
    ],
)
def test_the_database_refuses_what_no_service_would_write(nonsense):
    OrderFactory()
    with pytest.raises(IntegrityError):
        nonsense()


def test_the_same_price_again_is_no_news(published):
    product = ProductFactory()
    change_price(product.sku, product.price)
    assert published() == []


def test_a_price_for_an_unknown_product_is_refused():
    with pytest.raises(NotFound, match="'NOPE'"):
        change_price("NOPE", Decimal(1))
