"""What a person sees of streams and projections, and that it is all they can do."""

from __future__ import annotations

import pytest
from django.test import Client

from strangler.eventstore.models import Checkpoint, StreamEvent
from strangler.messaging import working_for_request
from strangler.testing.projections import project_now
from tests.unit.eventstore.conftest import append, deposit, record

pytestmark = pytest.mark.django_db
EVENTS = "/admin/strangler_eventstore/streamevent/"
PROJECTIONS = "/admin/strangler_eventstore/checkpoint/"


def test_a_stream_is_read_event_by_event_with_what_came_of_it_and_why(admin_client: Client) -> None:
    with working_for_request("conversation-1"):
        append("a", deposit("a", 5))
    append("b")
    record("account", "a", 2, "sample.account_deposited.v1", '{"account": "a", "cents": 250}')
    everything = admin_client.get(EVENTS).content.decode()
    assert "category=account&amp;key=a" in everything
    of_the_stream = admin_client.get(f"{EVENTS}?category=account&key=a").content.decode()
    assert ("2 events of streams" in of_the_stream, "account-b" in of_the_stream) == (True, False)
    assert "1 event of a stream" in admin_client.get(f"{EVENTS}?correlation_id=conversation-1").content.decode()
    page = admin_client.get(f"{EVENTS}{StreamEvent.objects.get(version=2).pk}/change/").content.decode()
    assert "sample.account_deposited.v3\n{" in page, "upcast"
    assert "&quot;amount&quot;: &quot;2.5&quot;" in page
    assert "&quot;balance&quot;: &quot;7.5&quot;" in page, "the state afterwards"
    assert "&quot;cents&quot;: 250" in page, "as it was recorded"


@pytest.mark.parametrize("category", ["account", "ledger"])
def test_an_event_that_the_code_cannot_read_is_shown_with_the_reason(category: str, admin_client: Client) -> None:
    record(category, "a", 1, "sample.account_closed.v1", '{"account": "a"}')
    page = admin_client.get(f"{EVENTS}{StreamEvent.objects.get().pk}/change/").content.decode()
    assert "does not know" in page or "is declared here" in page


def test_projections_are_listed_with_their_lag_and_what_keeps_them(admin_client: Client) -> None:
    append("a")
    project_now()
    append("a", deposit("a"), deposit("a"))
    Checkpoint.objects.filter(name="moves").update(error="event 2 of stream account-a\nTraceback")
    page = admin_client.get(PROJECTIONS).content.decode()
    assert page.count('<td class="field-behind">2</td>') == 2
    assert '<td class="field-first_line">event 2 of stream account-a</td>' in page


@pytest.mark.parametrize("listed", [EVENTS, PROJECTIONS])
def test_nothing_can_be_added_changed_or_deleted(listed: str, admin_client: Client) -> None:
    append("a")
    project_now()
    pk = StreamEvent.objects.get().pk if listed == EVENTS else "moves"
    assert admin_client.get(f"{listed}{pk}/change/").status_code == 200
    assert admin_client.post(f"{listed}{pk}/change/", {"version": 7}).status_code == 403
    for path in ("add/", f"{pk}/delete/"):
        assert admin_client.get(f"{listed}{path}").status_code == 403
    assert "delete_selected" not in admin_client.get(listed).content.decode()
