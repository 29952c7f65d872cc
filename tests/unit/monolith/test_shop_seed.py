import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from monolith.catalog.models import Product
from monolith.customers.models import Address, Customer
from monolith.inventory.models import StockItem, StockMovement
from strangler.outbox.models import OutboxMessage

pytestmark = pytest.mark.django_db


def seed(**options):
    call_command("seed", **{"products": 5, "customers": 3, "stock": 40, **options})


def picture():
    products = list(Product.objects.order_by("sku").values_list("sku", "name", "price"))
    return products, list(Address.objects.order_by("id").values_list("customer__name", "street", "city"))


def test_the_same_seed_gives_the_same_shop():
    seed()
    first = picture()
    for model in (Product, StockItem, Address, Customer):
        model.objects.all().delete()
    get_user_model().objects.all().delete()
    seed()
    assert picture() == first
    seed(seed=8, products=6)
    assert Product.objects.count() == 6


def test_seeding_again_adds_only_what_is_missing(capsys):
    seed()
    StockItem.objects.update(on_hand=1)
    seed(products=7)
    assert "2 products and 0 customers added" in capsys.readouterr().out
    assert (Product.objects.count(), Customer.objects.count(), StockMovement.objects.count()) == (7, 3, 7)
    assert sorted(StockItem.objects.values_list("on_hand", flat=True)) == [1, 1, 1, 1, 1, 40, 40]


def test_history_from_before_the_first_event_has_no_events():
    seed()
    assert not OutboxMessage.objects.exists()


def test_a_bigger_shop_takes_no_more_statements(django_assert_num_queries, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as few:
        seed(products=5, customers=3)
    with django_assert_num_queries(len(few)):
        seed(products=200, customers=100)


def test_the_admin_gets_the_password_of_the_file(tmp_path, monkeypatch):
    monkeypatch.delenv("ADMIN_PASSWORD", raising=False)
    seed()
    assert not get_user_model().objects.filter(is_staff=True).exists()
    (tmp_path / "password").write_text("tr0ub4dor\n")
    seed(admin_password_file=tmp_path / "password")
    admin = get_user_model().objects.get(username="admin")
    assert admin.is_superuser
    assert admin.check_password("tr0ub4dor")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"products": -1}, "--products can't be negative"),
        ({"admin_password_file": "/nowhere/at/all"}, "--admin-password-file /nowhere/at/all: No such file"),
    ],
)
def test_a_wrong_option_is_named(options, message):
    with pytest.raises(CommandError, match=message):
        call_command("seed", **options)
