"""Answered changes are forgotten after a while, and never what somebody may ask for again."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from monolith.errors import ShopError
from monolith.inventory.factories import ChangeFactory
from monolith.inventory.models import Change
from monolith.inventory.retention import prune
from monolith.inventory.services import request
from strangler.saga.models import SagaInstance

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(days=31)


def answered(reference: str, status: str = "done", *, at=LONG_AGO, **more) -> Change:
    row = {"kind": "reserve", "reference": reference, "lines": [], "skus": [], "status": status}
    return Change.objects.create(**row, created_at=at, answered_at=at, **more)


def saga(key: str, *, finished: bool) -> None:
    SagaInstance.objects.create(
        saga="checkout",
        key=key,
        status="completed" if finished else "stuck",
        data={},
        finished_at=LONG_AGO if finished else None,
    )


def left() -> set[str]:
    return set(Change.objects.values_list("reference", flat=True))


def test_what_was_answered_long_ago_goes_and_what_is_open_stays(capsys):
    for status in ("done", "rejected"):
        answered(f"S-{status}", status)
    answered("S-late", "redirected")
    answered("S-new", at=timezone.now() - timedelta(days=29))
    open_one = ChangeFactory(reference="S-open")
    Change.objects.filter(pk=open_one.pk).update(created_at=LONG_AGO)
    call_command("prune_inventory")
    assert capsys.readouterr().out == "deleted 2 stock changes answered more than 720 hours ago\n"
    assert left() == {"S-late", "S-new", "S-open"}
    call_command("prune_inventory", "--hours", "1")
    assert left() == {"S-late", "S-open"}


def test_what_a_saga_that_has_not_ended_was_told_stays_however_long_that_takes():
    answered("S-stuck")
    answered("S-over")
    saga("S-stuck", finished=False)
    saga("S-over", finished=True)
    assert prune(older_than=timedelta(days=30)) == 1
    assert left() == {"S-stuck"}


def test_what_takes_a_part_back_goes_before_the_change_that_it_is_about():
    first = answered("S-1")
    answered("S-1", undoes=first)
    assert [prune(older_than=timedelta(days=30)) for _ in range(3)] == [1, 1, 0]


def test_many_go_in_bounded_batches(django_assert_num_queries):
    Change.objects.bulk_create(
        Change(kind="reserve", reference=f"S-{n}", lines=[], skus=[], status="done", answered_at=LONG_AGO)
        for n in range(25)
    )
    with django_assert_num_queries(3):
        assert prune(older_than=timedelta(days=30), batch_size=10) == 25


def test_a_question_without_an_answer_is_not_put_again_once_the_service_may_have_forgotten(published):
    number, asked = uuid4(), ChangeFactory(reference="S-1")
    Change.objects.filter(pk=asked.pk).update(change=number, created_at=timezone.now() - timedelta(days=14))
    assert request("reserve", "S-1", {asked.skus[0]: 1}, change=number).awaited
    Change.objects.filter(pk=asked.pk).update(created_at=timezone.now() - timedelta(days=16))
    before = len(published())
    with pytest.raises(
        ShopError, match=r"INBOX_RETENTION_HOURS.* reserved for S-1\. A stuck saga can be compensated, but not resumed"
    ):
        request("reserve", "S-1", {asked.skus[0]: 1}, change=number)
    assert len(published()) == before
