"""A dump restored into another server, whose transactions have not come as far."""

from __future__ import annotations

import pytest
from django.core.management.base import CommandError

from strangler.eventstore.models import Checkpoint, StreamEvent
from strangler.eventstore.restoring import take_over
from tests.unit.eventstore.conftest import append, deposit, effects, sql
from tests.unit.eventstore.test_projections import project

pytestmark = pytest.mark.django_db(transaction=True)

AHEAD = 10**12
_OF_ANOTHER_SERVER = """
    ALTER TABLE strangler_stream_event DISABLE TRIGGER strangler_stream_append_only;
    UPDATE strangler_stream_event SET transaction_id = transaction_id + {0};
    ALTER TABLE strangler_stream_event ENABLE TRIGGER strangler_stream_append_only;
    UPDATE strangler_projection SET transaction_id = transaction_id + {0};
"""


def move_to_another_server() -> None:
    sql(_OF_ANOTHER_SERVER.format(AHEAD))


def test_what_was_restored_is_said_before_anything_is_skipped_and_goes_on_once_it_is_taken_over() -> None:
    append("a")
    project()
    append("b")
    append("a")
    move_to_another_server()
    append("a", deposit("a"), deposit("a"))
    for arguments in ((), ("--rebuild", "moves")):
        with pytest.raises(CommandError, match="has not come to: they are of another one"):
            project(*arguments)
    assert "3 events were of another database server" in project("--restored")
    project()
    assert effects() == [("account-a", 1), ("account-b", 1), ("account-a", 2), ("account-a", 3), ("account-a", 4)]
    before = effects()
    project("moves", "--rebuild")
    assert effects() == before


def test_it_may_be_restored_again_and_again() -> None:
    for round_ in range(3):
        append("a")
        if round_ == 1:
            project()
        move_to_another_server()
        assert take_over(using="default") > 0
    project()
    assert [version for _, version in effects()] == [1, 2, 3]
    assert take_over(using="default") == 0
    assert StreamEvent.objects.filter(transaction_id__gte=0).count() == 0
    assert Checkpoint.objects.get(name="moves").handled == 3


def test_after_it_nothing_can_be_changed_either() -> None:
    append("a")
    move_to_another_server()
    take_over(using="default")
    with pytest.raises(Exception, match="append-only"):
        StreamEvent.objects.update(version=2)
