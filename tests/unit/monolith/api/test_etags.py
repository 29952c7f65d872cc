from functools import partial

import pytest
from django.contrib.auth.models import Group

from tests.support.at_once import at_once
from tests.unit.monolith.api.views import SMALL_API

pytestmark = SMALL_API


@pytest.fixture
def group(db):
    return Group.objects.create(name="readers")


@pytest.fixture
def url(group):
    return f"/api/groups/{group.pk}/"


def test_what_a_client_has_is_not_sent_again(as_clerk, url):
    etag = as_clerk.get(url)["ETag"]
    for known in (etag, f"W/{etag}", "*", f'"other", {etag}'):
        again = as_clerk.get(url, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert as_clerk.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_tag_changes_with_the_representation(as_clerk, url, group):
    before = as_clerk.get(url)["ETag"]
    assert as_clerk.get(url)["ETag"] == before
    Group.objects.filter(pk=group.pk).update(name="writers")
    assert as_clerk.get(url)["ETag"] != before


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_change_without_if_match_is_refused(as_clerk, url, method, group):
    answer = getattr(as_clerk, method)(url, {"name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")
    group.refresh_from_db()
    assert group.name == "readers"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize("tag", ['"old"', "unquoted", ""])
def test_a_change_of_an_old_version_is_refused(as_clerk, url, method, tag, group):
    answer = getattr(as_clerk, method)(url, {"name": "x"}, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    group.refresh_from_db()
    assert group.name == "readers"


def test_a_weak_tag_does_not_match(as_clerk, url):
    etag = as_clerk.get(url)["ETag"]
    assert as_clerk.patch(url, {"name": "x"}, headers={"If-Match": f"W/{etag}"}).status_code == 412


@pytest.mark.parametrize("tag", ["{etag}", '"old", {etag}', "*"])
def test_a_change_of_the_present_version_is_made_and_answers_the_next_tag(as_clerk, url, tag):
    tag = tag.format(etag=as_clerk.get(url)["ETag"])
    answer = as_clerk.patch(url, {"name": "writers"}, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["name"]) == (200, "writers")
    assert answer["ETag"] == as_clerk.get(url)["ETag"]
    assert as_clerk.delete(url, headers={"If-Match": answer["ETag"]}).status_code == 204
    assert not Group.objects.exists()


def test_a_wrong_body_is_told_after_the_version(as_clerk, url):
    etag = as_clerk.get(url)["ETag"]
    assert as_clerk.patch(url, {"name": ""}, headers={"If-Match": etag}).status_code == 400
    assert as_clerk.patch(url, {"name": ""}, headers={"If-Match": '"old"'}).status_code == 412
    assert as_clerk.patch("/api/groups/0/", {"name": "x"}).status_code == 404


def test_a_refusal_by_the_service_changes_nothing(as_clerk, url, group):
    answer = as_clerk.patch(url, {"name": "sold out"}, headers={"If-Match": "*"})
    assert answer.json()["code"] == "out_of_stock"
    group.refresh_from_db()
    assert group.name == "readers"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ["patch", "delete"])
def test_of_many_changes_made_from_one_version_exactly_one_wins(client_of, clerk, method):
    def change(number, url, etag):
        answer = getattr(client_of(clerk), method)(url, {"name": f"by {number}"}, headers={"If-Match": etag})
        return answer.status_code, number

    for _ in range(5):
        url = f"/api/groups/{Group.objects.create(name='readers').pk}/"
        etag = client_of(clerk).get(url)["ETag"]
        outcomes, _ = at_once([partial(change, number, url, etag) for number in range(6)])
        won = [number for status, number in outcomes if status < 300]
        assert len(won) == 1
        assert {status for status, _ in outcomes if status >= 300} <= {412, 404 if method == "delete" else 412}
        assert list(Group.objects.values_list("name", flat=True)) == ([f"by {won[0]}"] if method == "patch" else [])
        Group.objects.all().delete()
