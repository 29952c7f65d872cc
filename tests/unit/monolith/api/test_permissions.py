import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User

from tests.unit.monolith.api.views import SMALL_API

pytestmark = SMALL_API


@pytest.fixture
def entry(person):
    return LogEntry.objects.create(user=person, action_flag=1, object_repr="hers")


def test_an_owner_reads_and_changes_what_is_hers(client_of, person, entry):
    client = client_of(person)
    etag = client.get(f"/api/entries/{entry.pk}/")["ETag"]
    changed = client.patch(f"/api/entries/{entry.pk}/", {"object_repr": "changed"}, headers={"If-Match": etag})
    assert changed.json()["object_repr"] == "changed"


def test_what_belongs_to_somebody_else_is_not_there(client_of, entry):
    client = client_of(User.objects.create(username="bob"))
    assert client.get(f"/api/entries/{entry.pk}/").status_code == 404
    assert client.patch(f"/api/entries/{entry.pk}/", {}, headers={"If-Match": "*"}).status_code == 404


def test_staff_does_what_its_role_may(client_of, clerk, entry):
    client = client_of(clerk)
    assert client.get(f"/api/entries/{entry.pk}/").status_code == 200
    refused = client.patch(f"/api/entries/{entry.pk}/", {}, headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")


def test_a_role_is_a_group_with_permissions(client_of):
    helper = User.objects.create(username="helper", is_staff=True)
    assert client_of(helper).get("/api/groups/").status_code == 403
    support = Group.objects.create(name="support")
    support.permissions.add(Permission.objects.get(codename="view_group"))
    helper.groups.add(support)
    helper = User.objects.get(pk=helper.pk)  # permissions are cached on the object
    assert client_of(helper).get("/api/groups/").status_code == 200
    assert client_of(helper).post("/api/groups/", {"name": "x"}).status_code == 403


def test_permissions_without_staff_open_no_back_office(client_of, clerk):
    clerk.is_staff = False
    assert client_of(clerk).get("/api/groups/").status_code == 403


def test_an_action_can_need_a_permission_of_its_own(client_of, clerk):
    group = Group.objects.create(name="x")
    assert client_of(clerk).post(f"/api/groups/{group.pk}/rename/").json()["name"] == "x!"
    clerk.user_permissions.remove(Permission.objects.get(codename="delete_group"))
    answer = client_of(User.objects.get(pk=clerk.pk)).post(f"/api/groups/{group.pk}/rename/")
    assert (answer.status_code, answer.json()["detail"]) == (403, "This needs the permission auth.delete_group.")


def test_a_visitor_is_asked_to_log_in(client_of, entry):
    client = client_of(None)
    for path in ("groups/", "entries/", f"entries/{entry.pk}/"):
        assert client.get(f"/api/{path}").status_code == 401
