"""Wrong rows are told again as events, to the service's groups alone; nobody writes into the service's tables."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from strangler.cutover.parity.declared import Parity, parities
from strangler.cutover.parity.repair import tell_again
from strangler.errors import ParityError
from strangler.inbox.handling import GroupHandling, RetryPolicy
from strangler.inbox.subscriptions import subscriptions
from tests.sample.items import add_in_silence
from tests.sample.models import Item, ItemCopy
from tests.unit.cutover import backfilled
from tests.unit.cutover.backfilled import declare, envelopes, told
from tests.unit.cutover.two_sides import TwoSides
from tests.unit.inbox.conftest import raw

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sides(settings: Any) -> TwoSides:
    """Ten items, of which the service has two wrong, one not, and one too many."""
    sides = TwoSides()
    known(settings, sides)
    add_in_silence(10)
    sides.copy("INSERT INTO sample_item SELECT 'i' || n, n FROM generate_series(0, 8) n")
    sides.copy("UPDATE sample_item SET value = 100 WHERE number IN ('i3', 'i5')")
    sides.copy("INSERT INTO sample_item VALUES ('more', 1)")
    return sides


def known(settings: Any, sides: TwoSides, *groups: str) -> None:
    service = {**sides.settings, "GROUPS": groups or [backfilled.GROUP]}
    settings.STRANGLER = {**settings.STRANGLER, "SERVICES": {"copies": service}}


def parity(*arguments: str) -> str:
    out = io.StringIO()
    try:
        call_command("parity", "copies", "--grace", "0", *arguments, stdout=out)
    except CommandError as error:
        out.write(f"CommandError: {error}")
    return out.getvalue()


def test_what_differs_or_is_missing_is_told_again_and_nothing_else(sides: TwoSides) -> None:
    declare()
    said = parity("--repair")
    assert sorted(told()) == ["i3", "i5", "i9"]
    assert len(envelopes()) == 3
    assert "3 of 3 rows told again, by events to group copies: once they are handled, the next run shows" in said
    assert "only in the service: more: no event tells of what is not there." in said
    assert said.endswith("CommandError: copies: 4 mismatches")


def test_nobody_writes_into_the_services_tables(sides: TwoSides) -> None:
    declare()
    before = sides.service.rows("SELECT * FROM sample_item ORDER BY number")
    parity("--repair")
    assert sides.service.rows("SELECT * FROM sample_item ORDER BY number") == before


def test_what_was_told_mends_once_it_is_handled(sides: TwoSides) -> None:
    """The group handles it here, and what it then knows is put where the service keeps it."""
    declare()
    parity("--repair")
    handlers = subscriptions.of_group(backfilled.GROUP)
    handling = GroupHandling(backfilled.GROUP, handlers, using="default", policy=RetryPolicy(1, 1, 1))
    handling.handle([raw(envelope.model_dump_json(exclude_none=True).encode()) for envelope in envelopes()])
    for number, value in ItemCopy.objects.values_list("number", "value"):
        sides.copy(
            "INSERT INTO sample_item VALUES (%s, %s) ON CONFLICT (number) DO UPDATE SET value = EXCLUDED.value",
            number,
            value,
        )
    sides.copy("DELETE FROM sample_item WHERE number = 'more'")
    assert "10 rows compared, no mismatches" in parity()


def test_without_names_what_can_be_is_repaired_and_what_cannot_is_named(
    sides: TwoSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare()
    sides.fill({"S-1": 1}, {})
    by_hand = Parity("numbered", "id", parities["sample", "numbered"].rows, "copies")
    monkeypatch.setitem(parities, ("copies", "numbered"), by_hand)
    said = parity("--repair")
    assert sorted(told()) == ["i3", "i5", "i9"]
    assert "copies.items: 10 rows compared" in said
    untold = said.partition("copies.numbered: 1 rows compared, 1 mismatch")[2]
    assert "not repaired, and can't be: @parity names no backfill=" in untold
    assert "told again, by events" not in untold
    assert said.endswith("CommandError: copies: 5 mismatches")
    with pytest.raises(CommandError, match="names no backfill=: nothing is known that could tell its rows again"):
        call_command("parity", "copies", "items", "numbered", "--repair")
    assert len(told()) == 3


def test_a_row_that_has_gone_meanwhile_is_passed_over(sides: TwoSides) -> None:
    declare()
    Item.objects.filter(number="i3").delete()
    said = parity("--repair")
    assert sorted(told()) == ["i5", "i9"]
    assert "2 of 2 rows told again" in said
    assert "only in the service: i3, more" in said


def test_without_groups_nobody_can_be_told(sides: TwoSides, settings: Any) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "SERVICES": {"copies": {**sides.settings, "GROUPS": []}}}
    assert 'STRANGLER["SERVICES"]["copies"]["GROUPS"] is empty' in parity("--repair")
    assert envelopes() == []


def test_a_group_that_takes_nothing_is_named(sides: TwoSides, settings: Any) -> None:
    known(settings, sides, "nobody")
    said = parity("--repair")
    assert "consumer group 'nobody' takes no event of sample" in said
    assert "manage.py consume --group nobody --declare" in said


def test_where_nothing_is_wrong_nobody_is_told(sides: TwoSides) -> None:
    sides.copy("TRUNCATE sample_item")
    Item.objects.all().delete()
    said = parity("--repair")
    assert "no mismatches" in said
    assert "told again" not in said
    assert envelopes() == []


def test_a_key_that_the_backfill_does_not_know_is_named(sides: TwoSides) -> None:
    declared = Parity("tried", "nothing", Item.objects.all, "copies", "sample.items")
    with pytest.raises(ParityError, match=r"its key 'nothing' is no field of the rows of backfill 'sample\.items'"):
        tell_again(declared, ["a"])
