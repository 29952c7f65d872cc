"""Answers and comparisons are forgotten after a while, and never what still waits or counts."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from extracted.inventory.models import ShadowOutcome, StockChange
from extracted.inventory.retention import prune_changes, prune_outcomes
from strangler.cutover.service.status import service_status
from tests.unit.extracted.inventory.books import answers
from tests.unit.extracted.inventory.factories import handed_over, requested

pytestmark = pytest.mark.django_db
MONTH = timedelta(days=30)
LONG_AGO = timezone.now() - timedelta(days=31)


def compared(*causes: str) -> None:
    outcomes = [ShadowOutcome(sku="MUG", reference=f"S-{n}", quantity=1, cause=each) for n, each in enumerate(causes)]
    for outcome in outcomes:
        outcome.compared_at = LONG_AGO
    ShadowOutcome.objects.bulk_create(outcomes)


def test_what_was_answered_long_ago_is_forgotten_and_what_waits_is_not(handle):
    handle(handed_over("MUG", {"NEAR": (9, 0)}))
    old, new, waiting = (requested("reserve", f"S-{n}", skus={"MUG": 1}) for n in range(3))
    waiting = waiting.model_copy(update={"lines": (waiting.lines[0].model_copy(update={"sku": "CUP"}),)})
    handle(old, new, waiting)
    StockChange.objects.exclude(change=new.change).update(asked_at=LONG_AGO)
    StockChange.objects.filter(change=old.change).update(answered_at=LONG_AGO)
    assert prune_changes(older_than=MONTH) == 1
    assert set(StockChange.objects.values_list("change", "status")) == {
        (new.change, "done"),
        (waiting.change, "waiting"),
    }
    handle(new, handed_over("CUP", {"NEAR": (9, 0)}))
    assert answers() == ["done"] * 4, "asked again it is answered again, and what waited is decided"


def test_old_comparisons_go_but_for_the_newest_so_that_the_gate_has_something_to_count(capsys):
    compared("short", *[""] * 6)
    assert prune_outcomes(older_than=MONTH, newest=4) == 3
    assert ShadowOutcome.objects.count() == 4
    found = service_status().comparisons["reservations"]
    assert (found.total, found.mismatches, found.clean_run) == (4, 0, 4)
    call_command("prune_inventory")
    assert capsys.readouterr().out == "deleted 0 stock changes and 0 comparisons older than 720 hours\n"


def test_a_comparison_of_this_month_stays_however_many_there_are():
    compared(*[""] * 3)
    ShadowOutcome.objects.filter(reference="S-0").update(compared_at=timezone.now())
    assert prune_outcomes(older_than=MONTH, newest=0) == 2
    assert ShadowOutcome.objects.get().reference == "S-0"


def test_many_go_in_bounded_batches(django_assert_num_queries):
    rows = [
        StockChange(change=uuid4(), kind="reserve", reference="S-1", skus=[], lines=[], status="done")
        for _ in range(25)
    ]
    for row in rows:
        row.answered_at = LONG_AGO
    StockChange.objects.bulk_create(rows)
    with django_assert_num_queries(3):
        assert prune_changes(older_than=MONTH, batch_size=10) == 25


def test_a_senseless_age_is_refused():
    with pytest.raises(CommandError, match="--hours"):
        call_command("prune_inventory", "--hours=-1")
