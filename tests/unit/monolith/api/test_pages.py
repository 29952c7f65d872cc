from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.core.exceptions import ImproperlyConfigured
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from monolith.api.pagination import CursorPages
from tests.unit.monolith.api.views import SMALL_API

pytestmark = SMALL_API
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def add_entries(user, values):
    """Entries with many equal flags, times and object ids, some of them null."""
    LogEntry.objects.bulk_create(
        LogEntry(
            user=user,
            action_flag=flag,
            object_id=object_id,
            object_repr=str(position),
            action_time=NOON + timedelta(microseconds=moment),
        )
        for position, (flag, object_id, moment) in enumerate(values)
    )


@pytest.fixture
def list_of(client_of, person):
    client = client_of(person)

    def rows(url):
        answer = client.get(url)
        assert answer.status_code == 200, answer.json()
        return answer.json()

    return rows


def walk(list_of, url, direction="next"):
    """The pages from `url` on, in the order they were read."""
    pages = []
    while url:
        page = list_of(url)
        pages.append([row["id"] for row in page["results"]])
        url = page[direction]
        assert len(pages) < 100
    return pages


ENTRIES = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from([None, "", "a", "b"]), st.integers(0, 3)), min_size=1, max_size=25
)
ORDERINGS = st.sampled_from(["", "action_flag", "-action_flag", "object_id", "-object_id", "action_time"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=ENTRIES, ordering=ORDERINGS, size=st.integers(1, 6))
def test_pages_show_every_row_once_in_order_forwards_and_backwards(list_of, person, entries, ordering, size):
    LogEntry.objects.all().delete()
    add_entries(person, entries)
    query = f"?ordering={ordering}&" if ordering else "?"
    everything = [row["id"] for row in list_of(f"/api/entries/{query}page_size=200")["results"]]
    pages = walk(list_of, f"/api/entries/{query}page_size={size}")
    assert [row for page in pages for row in page] == everything
    assert sorted(everything) == sorted(LogEntry.objects.values_list("pk", flat=True))
    assert {len(page) for page in pages[:-1]} <= {size}
    last = list_of(f"/api/entries/{query}page_size={size}")
    while last["next"]:
        last = list_of(last["next"])
    backwards = walk(list_of, last["previous"], "previous") if last["previous"] else []
    assert [row for page in reversed(backwards) for row in page] == everything[: len(everything) - len(last["results"])]


def test_rows_that_come_and_go_neither_repeat_nor_hide_others(list_of, person):
    add_entries(person, [(1, "a", moment) for moment in range(10)])
    first = list_of("/api/entries/?page_size=4")
    add_entries(person, [(1, "new", 100)])
    LogEntry.objects.filter(pk=first["results"][-1]["id"]).delete()
    rest = list_of(first["next"])["results"] + list_of(list_of(first["next"])["next"])["results"]
    assert [row["object_repr"] for row in rest] == ["5", "4", "3", "2", "1", "0"]


def test_a_filter_stays_on_the_next_page(list_of, person):
    add_entries(person, [(1 + moment % 2, "a", moment) for moment in range(10)])
    pages = walk(list_of, "/api/entries/?action_flag=2&page_size=2")
    assert [len(page) for page in pages] == [2, 2, 1]
    assert set(LogEntry.objects.filter(pk__in=chain(*pages)).values_list("action_flag", flat=True)) == {2}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page_size=0", "page_size"),
        ("page_size=201", "page_size"),
        ("page_size=many", "page_size"),
        ("page_size=", "page_size"),
        ("page_size=²", "page_size"),
        ("cursor=nonsense", "cursor"),
        ("cursor=%00", "cursor"),
        ("ordering=user__password", "ordering"),
        ("ordering=", "ordering"),
        ("ordering=%00", "ordering"),
        ("action_flag=x", "action_flag"),
    ],
)
def test_a_wrong_parameter_is_named_not_ignored(client_of, person, query, field):
    answer = client_of(person).get(f"/api/entries/?{query}")
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_a_cursor_fits_only_the_ordering_it_was_made_for(client_of, list_of, person):
    add_entries(person, [(1, "a", moment) for moment in range(3)])
    following = list_of("/api/entries/?ordering=action_flag&page_size=1")["next"]
    answer = client_of(person).get(following.replace("ordering=action_flag", "ordering=-action_flag"))
    assert answer.json()["errors"][0]["field"] == "cursor"


def test_an_order_that_no_cursor_can_follow_is_an_error_of_ours():
    request = Request(APIRequestFactory().get("/"))
    with pytest.raises(ImproperlyConfigured, match="ordered by names"):
        CursorPages().paginate_queryset(Group.objects.order_by(F("name")), request)
    with pytest.raises(ImproperlyConfigured, match="can't be ordered by"):
        CursorPages().paginate_queryset(Group.objects.order_by("?"), request)


def test_a_deep_page_costs_one_query_like_the_first(client_of, person, django_assert_num_queries):
    add_entries(person, [(1, "a", moment) for moment in range(30)])
    client = client_of(person)
    following = client.get("/api/entries/?page_size=20").json()["next"]
    with django_assert_num_queries(1):
        assert len(client.get(following).json()["results"]) == 10


def test_an_order_may_follow_a_relation(person):
    add_entries(person, [(1, "a", moment) for moment in range(3)])
    add_entries(User.objects.create(username="zoe"), [(1, "b", 1)])
    seen, url = [], "/?page_size=1"
    while url:
        pages = CursorPages()
        ordered = LogEntry.objects.order_by("-user__username")
        seen += pages.paginate_queryset(ordered, Request(APIRequestFactory().get(url)))
        url = pages.get_paginated_response([]).data["next"]
    assert [entry.object_id for entry in seen] == ["b", "a", "a", "a"]


def test_the_browsable_list_has_links_to_other_pages(client_of, person):
    add_entries(person, [(1, "a", moment) for moment in range(3)])
    page = client_of(person).get("/api/entries/?page_size=1", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "cursor=" in page.content.decode()
