from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from monolith.customers.factories import AddressFactory, CustomerFactory
from monolith.customers.models import Address
from monolith.customers.selectors import PostalAddress, addresses_of, default_address, postal_address
from monolith.customers.services import add_address, change_address, remove_address
from monolith.errors import NotFound

pytestmark = pytest.mark.django_db

HOME = PostalAddress("Ada", "Hauptstr. 1", "10115", "Berlin", "DE")
WORK = PostalAddress("Ada", "Jungfernstieg 2", "20095", "Hamburg", "DE")


@pytest.fixture
def ada():
    return CustomerFactory()


def told(published):
    return [
        [(address["city"], address["is_default"]) for address in event["data"]["addresses"]] for event in published()
    ]


def test_every_change_tells_all_addresses_there_are_now(ada, published):
    home = add_address(ada, HOME)
    add_address(ada, WORK, is_default=True)
    change_address(home, HOME._replace(city="Potsdam"), is_default=True)
    remove_address(home)
    assert told(published) == [
        [("Berlin", False)],
        [("Berlin", False), ("Hamburg", True)],
        [("Potsdam", True), ("Hamburg", False)],
        [("Hamburg", False)],
    ]


def test_the_same_address_again_is_no_news(ada, published):
    home = AddressFactory(customer=ada, recipient="Ada", is_default=True)
    assert change_address(home, HOME, is_default=True) == home
    assert published() == []


def test_the_checkout_offers_the_default_or_else_the_oldest(ada):
    assert default_address(ada) is None
    home, work = add_address(ada, HOME), add_address(ada, WORK)
    assert default_address(ada) == home
    change_address(work, WORK, is_default=True)
    assert default_address(ada) == work
    change_address(work, WORK, is_default=False)
    assert default_address(ada) == home


def test_other_customers_addresses_are_none_of_yours(ada):
    home, theirs = add_address(ada, HOME), AddressFactory()
    assert list(addresses_of(ada)) == [home]
    assert postal_address(ada, home.pk) == HOME
    with pytest.raises(NotFound, match=str(theirs.pk)):
        postal_address(ada, theirs.pk)


def test_somebody_elses_default_stays(ada):
    theirs = AddressFactory(is_default=True)
    add_address(ada, HOME, is_default=True)
    theirs.refresh_from_db()
    assert theirs.is_default


@pytest.mark.parametrize("use_case", [remove_address, lambda address: change_address(address, WORK, is_default=False)])
def test_an_address_removed_meanwhile_is_not_found(ada, use_case):
    home = add_address(ada, HOME)
    remove_address(home)
    with pytest.raises(NotFound, match="does not exist any more"):
        use_case(home)


@pytest.mark.django_db(transaction=True)
def test_of_many_defaults_added_at_once_the_last_one_is_the_default(published):
    ada, ready = CustomerFactory(), Barrier(6)

    def add(number):
        ready.wait(timeout=10)
        try:
            return add_address(ada, HOME._replace(city=f"City {number}"), is_default=True)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(6), timeout=60))
    last = told(published)[-1]
    assert sorted(len(addresses) for addresses in told(published)) == [1, 2, 3, 4, 5, 6]
    assert [city for city, is_default in last if is_default] == [Address.objects.get(is_default=True).city]
