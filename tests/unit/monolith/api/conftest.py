import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from monolith.customers.factories import CustomerFactory, UserFactory
from monolith.roles import ROLES


@pytest.fixture
def no_roles(db):
    """Without the shop's groups: some tests use groups as things to buy and change."""
    Group.objects.all().delete()


@pytest.fixture
def person(db):
    return User.objects.create(username="ada")


@pytest.fixture
def clerk(db):
    """Staff who may read and change groups, and read logs."""
    user = User.objects.create(username="clerk", is_staff=True)
    names = ["view_group", "add_group", "change_group", "delete_group", "view_logentry"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


@pytest.fixture
def as_clerk(clerk, client_of):
    return client_of(clerk)


@pytest.fixture
def client_of():
    """A client that comes as one user, past any log-in; its 500s are answers."""

    def make(user):
        client = APIClient(raise_request_exception=False)
        client.force_authenticate(user)
        return client

    return make


@pytest.fixture
def as_role(client_of, db):
    """A client of the shop's own API who comes as staff with one role; "" is staff without any."""

    def come_in(role):
        user = UserFactory(is_staff=True)
        user.groups.set(Group.objects.filter(name=role))
        assert user.groups.count() == bool(role)
        return client_of(user)

    return come_in


@pytest.fixture
def who_may(as_role, client_of):
    """Who gets through to an address, of a customer, staff without a role and each role; a visitor has to log in."""

    def ask(method, url, body=None):
        people = {"customer": client_of(CustomerFactory().user), "staff": as_role("")}
        people |= {role: as_role(role) for role in ROLES}
        assert getattr(client_of(None), method)(url, body).status_code == 401
        answers = {who: getattr(client, method)(url, body).status_code for who, client in people.items()}
        assert max(answers.values()) < 500
        return {who for who, status in answers.items() if status not in {403, 404}}

    return ask


@pytest.fixture
def queries_of():
    """How many queries a GET takes, without what a process asks only once."""

    def count(client, url):
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    return count
