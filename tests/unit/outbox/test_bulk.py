"""Bulk operations that publish: every row they change is told of, by the row as it is, or nothing has happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, F
from django.db.models.functions import Upper
from django.test.utils import CaptureQueriesContext

from monolith.orders.factories import OrderFactory
from monolith.orders.models import Order, OrderLine
from strangler.errors import BulkWriteNotTold, NotTheOwner
from strangler.messaging import Event
from strangler.outbox import Change, PublishingQuerySet
from strangler.outbox.models import OutboxMessage
from tests.sample.events import StepTaken
from tests.sample.models import Effect
from tests.support.at_once import at_once

pytestmark = pytest.mark.django_db


class EffectQuerySet(PublishingQuerySet[Effect]):
    def events(self, change: Change, rows: Sequence[Effect]) -> Iterable[Event]:
        return [StepTaken(thing=row.thing, step=row.step, mood=str(change)) for row in rows]


class OrderQuerySet(PublishingQuerySet[Order]):
    def events(self, change: Change, rows: Sequence[Order]) -> Iterable[Event]:
        return [StepTaken(thing=row.number, step=row.pk, mood=str(change)) for row in rows]


class StrangersQuerySet(PublishingQuerySet[Effect]):
    def events(self, change: Change, rows: Sequence[Effect]) -> Iterable[Event]:
        class OrderLost(Event, type="orders.order_lost", aggregate="order", key="number"):
            number: str

        return [OrderLost(number="1")]


def effects(**filters: Any) -> EffectQuerySet:
    return EffectQuerySet(Effect).filter(**filters)


def told() -> list[tuple[str, int, str]]:
    messages = OutboxMessage.objects.order_by("position").values_list("payload", flat=True)
    events = [json.loads(payload)["data"] for payload in messages]
    return [(event["thing"], event["step"], event["mood"]) for event in events]


def statements(work: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        work()
    return [query["sql"].split()[0] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]


@pytest.fixture
def three() -> None:
    Effect.objects.bulk_create([Effect(consumer_group="g", thing=thing, step=1) for thing in "abc"])


def test_an_update_tells_of_each_row_as_it_is_now(three: None) -> None:
    assert effects(thing__in="ab").update(step=F("step") + 1, thing=Upper("thing")) == 2
    assert sorted(told()) == [("A", 2, "updated"), ("B", 2, "updated")]
    assert sorted(Effect.objects.values_list("thing", "step")) == [("A", 2), ("B", 2), ("c", 1)]


def test_a_creation_tells_of_each_row_with_its_primary_key() -> None:
    rows = effects().bulk_create(Effect(consumer_group="g", thing=thing, step=1) for thing in "ab")
    assert all(row.pk for row in rows)
    assert told() == [("a", 1, "created"), ("b", 1, "created")]


def test_a_deletion_tells_of_each_row_as_it_was(three: None) -> None:
    assert effects(thing__in="ab").delete() == (2, {"sample.Effect": 2})
    assert sorted(told()) == [("a", 1, "deleted"), ("b", 1, "deleted")]
    assert Effect.objects.count() == 1


def test_a_bulk_update_of_objects_is_told_too(three: None) -> None:
    rows = list(Effect.objects.order_by("thing"))
    for row in rows:
        row.step = 7
    assert effects().bulk_update(rows, ["step"], batch_size=2) == 3
    assert sorted(told()) == [("a", 7, "updated"), ("b", 7, "updated"), ("c", 7, "updated")]


def test_rows_and_events_take_a_statement_each(three: None) -> None:
    assert statements(lambda: effects().update(step=2)) == ["UPDATE", "INSERT"]
    assert statements(lambda: effects().delete()) == ["DELETE", "INSERT"]
    assert statements(lambda: effects().bulk_create([Effect(thing=thing, step=1) for thing in "abc"])) == [
        "INSERT",
        "INSERT",
    ]


def test_nothing_found_is_nothing_told_and_no_query_where_none_is_needed(three: None) -> None:
    assert effects(thing="nobody").update(step=2) == 0
    assert effects(thing="nobody").delete() == (0, {})
    assert statements(lambda: effects().none().update(step=2)) == []
    assert statements(lambda: effects().none().delete()) == []
    assert effects().bulk_create([]) == []
    assert effects().update() == 0
    assert told() == []


def test_filters_annotations_and_orderings_hold_as_in_django(three: None) -> None:
    queryset = effects().annotate(twice=F("step") * 2).order_by("-twice").filter(twice=2).exclude(thing="c")
    assert queryset.update(step=F("twice")) == 2
    assert OrderQuerySet(Order).filter(customer__user__email="nobody@example.com").update(status="placed") == 0
    assert len(told()) == 2


def test_rows_found_by_way_of_other_tables_are_told_of() -> None:
    order = OrderFactory()
    found = OrderQuerySet(Order).annotate(parts=Count("lines")).filter(parts__gt=0, lines__sku=order.lines.get().sku)
    OutboxMessage.objects.all().delete()
    assert found.update(cancel_reason="none") == 1
    assert told() == [(order.number, order.pk, "updated")]


def test_rows_that_others_depend_on_are_deleted_in_djangos_way_and_told_of() -> None:
    order = OrderFactory()
    OutboxMessage.objects.all().delete()
    count, kinds = OrderQuerySet(Order).filter(pk=order.pk).delete()
    assert kinds["orders.Order"] == 1
    assert kinds["orders.OrderLine"] == count - 1
    assert not OrderLine.objects.exists()
    assert told() == [(order.number, order.pk, "deleted")]


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_published_has_not_happened() -> None:
    Effect.objects.create(consumer_group="g", thing="a", step=1)
    for change in (lambda rows: rows.update(step=2), lambda rows: rows.delete()):
        with pytest.raises(NotTheOwner):
            change(StrangersQuerySet(Effect))
    with pytest.raises(NotTheOwner):
        StrangersQuerySet(Effect).bulk_create([Effect(thing="b", step=1)])
    assert list(Effect.objects.values_list("thing", "step")) == [("a", 1)]


@pytest.mark.django_db(transaction=True)
def test_two_updates_at_once_tell_of_different_rows() -> None:
    """Each of a row that it has changed itself: the second one finds none of the first one's left."""
    Effect.objects.bulk_create([Effect(consumer_group="g", thing=str(n), step=1) for n in range(200)])
    counts, _ = at_once([lambda: effects(step=1).update(step=2)] * 2)
    assert sum(counts) == 200
    assert len({thing for thing, _, _ in told()}) == len(told()) == 200


@pytest.mark.parametrize("option", ["ignore_conflicts", "update_conflicts"])
def test_an_upsert_is_refused_because_nobody_learns_what_it_did(option: str) -> None:
    with pytest.raises(BulkWriteNotTold, match=f"{option}=True"):
        effects().bulk_create([Effect(thing="a", step=1)], **{option: True})


def test_what_django_refuses_is_refused(three: None) -> None:
    for refused in (effects()[:1].update, effects()[:1].delete, effects().values("thing").delete):
        with pytest.raises(TypeError):
            refused(**({"step": 2} if refused.__name__ == "update" else {}))


def test_a_manager_made_of_it_serves_related_rows_too() -> None:
    """Django makes a class of the default manager's for each relation, without arguments."""
    manager = OrderQuerySet.as_manager()
    manager.model = Order
    order = OrderFactory()
    OutboxMessage.objects.all().delete()
    assert manager.filter(customer=order.customer).update(cancel_reason="none") == 1
    assert told() == [(order.number, order.pk, "updated")]


def test_one_that_tells_nothing_says_so(three: None) -> None:
    with pytest.raises(NotImplementedError, match=r"must define events\(change, rows\)"):
        PublishingQuerySet(Effect).update(step=2)
