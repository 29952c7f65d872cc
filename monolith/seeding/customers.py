"""Customers with one or two addresses, who can't log in until somebody sets a password."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password

from monolith.customers.models import Address, Customer
from monolith.seeding import people
from monolith.seeding.history import History
from monolith.seeding.tables import copy_into, give_ids, known

EMAIL = "customer"
REGULAR_SHARE = 0.2  # of the customers came before the first order of the history
SECOND_ADDRESS_SHARE = 0.15
ADDRESS_FIELDS = ("recipient", "street", "postal_code", "city", "country")


@dataclass(slots=True)
class NewUser:
    email: str
    customer: "NewCustomer"
    id: int = 0


@dataclass(slots=True)
class NewCustomer:
    name: str
    phone: str
    since: datetime
    addresses: list[tuple[str, ...]]
    id: int = 0


def email_of(number: int) -> str:
    return f"{EMAIL}{number:05d}@example.com"


def add_customers(numbers: range, history: History) -> int:
    """Those of the numbers that aren't there yet. Returns how many."""
    emails = {email_of(number): number for number in numbers}
    there = known(get_user_model(), "username", list(emails))
    new = [NewUser(email, _customer(number, history)) for email, number in emails.items() if email not in there]
    if new:
        _write(new)
    return len(new)


def _customer(number: int, history: History) -> NewCustomer:
    dice = history.dice("customer", number)
    name, home = people.name(dice), people.country(dice)
    is_regular = number == 1 or dice.random() < REGULAR_SHARE
    since = history.between(dice, history.opening, history.begin) if is_regular else history.moment(dice.random())
    return NewCustomer(
        name=name,
        phone=people.phone(dice, home) if dice.random() < 0.6 else "",
        since=history.opening if number == 1 else since,
        addresses=[
            (name, people.street(dice, home), *dice.choice(home.places), home.code)
            for _ in range(2 if dice.random() < SECOND_ADDRESS_SHARE else 1)
        ],
    )


def _write(users: list[NewUser]) -> None:
    customers = [user.customer for user in users]
    give_ids(get_user_model(), users)
    give_ids(Customer, customers)
    nobody_knows = make_password(None)
    copy_into(
        get_user_model(),
        "id username email password first_name last_name is_superuser is_staff is_active date_joined",
        (
            (user.id, user.email, user.email, nobody_knows, "", "", False, False, True, user.customer.since)
            for user in users
        ),
    )
    copy_into(
        Customer,
        "id user email name phone order_count lifetime_value created_at",
        (
            (user.customer.id, user.id, user.email, user.customer.name, user.customer.phone, 0, 0, user.customer.since)
            for user in users
        ),
    )
    copy_into(Address, f"customer {' '.join(ADDRESS_FIELDS)} is_default", _addresses(customers))


def _addresses(customers: list[NewCustomer]) -> list[tuple[Any, ...]]:
    return [
        (customer.id, *address, place == 0)
        for customer in customers
        for place, address in enumerate(customer.addresses)
    ]
