"""Old and new producers and consumers side by side, in every combination, and a log with all versions in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import call_command

from strangler.inbox.checks import check_versions
from strangler.inbox.models import DeadLetter
from strangler.messaging import encode, seal, upcasters
from tests.sample.models import Effect
from tests.unit.inbox.conftest import Group, raw
from tests.unit.inbox.versions import GREETED, deploy, told

VERSIONS = (1, 2, 3)


@pytest.fixture(autouse=True)
def nothing_is_lifted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upcasters, "_upcasters", {})


@pytest.fixture
def consumer(group: Group) -> Iterator[Group]:
    return group


def message(version: int, thing: str = "a", first: str = "Grace"):
    return raw(encode(seal(told(version, thing, first), source="tests")).encode())


def read_by(group: Group, version: int) -> None:
    group.handle_by({GREETED: deploy(version)})


def effects() -> list[tuple[str, str, int]]:
    return list(Effect.objects.order_by("id").values_list("thing", "consumer_group", "step"))


@pytest.mark.parametrize("reader", VERSIONS)
@pytest.mark.parametrize("producer", VERSIONS)
def test_every_producer_beside_every_reader(consumer: Group, producer: int, reader: int) -> None:
    """An older message is lifted. A newer one waits as a dead letter that says what to do, and hurts nobody else."""
    read_by(consumer, reader)
    consumer.handle(message(producer), message(reader, "b"))
    if producer <= reader:
        assert effects() == [("a", "Grace|Hopper", reader), ("b", "Grace|Hopper", reader)]
        return
    assert effects() == [("b", "Grace|Hopper", reader)]
    dead = DeadLetter.objects.get()
    assert dead.status == "dead"
    assert f"v{producer} is newer than v{reader}" in dead.error
    read_by(consumer, producer)
    call_command("redrive", all=True)
    consumer.work_off()
    assert effects()[1:] == [("a", "Grace|Hopper", producer)]
    assert not DeadLetter.objects.exists()


def test_what_comes_after_a_message_newer_than_its_reader_waits_in_order_until_the_deploy(consumer: Group) -> None:
    read_by(consumer, 1)
    consumer.handle(message(1, "a", "Ada"), message(2, "a", "Grace"), message(1, "a", "Mary"), message(1, "b", "Joan"))
    assert [name for _, name, _ in effects()] == ["Ada|Hopper", "Joan|Hopper"]
    read_by(consumer, 2)
    call_command("redrive", group="sample")
    consumer.work_off()
    assert [name for thing, name, _ in effects() if thing == "a"] == ["Ada|Hopper", "Grace|Hopper", "Mary|Hopper"]


def test_a_deploy_of_consumers_first_and_producers_later_parks_nothing(consumer: Group) -> None:
    """And a producer that is rolled back is read as before."""
    for reader, producer in ((1, 1), (2, 1), (2, 2), (3, 2), (3, 3), (3, 1)):
        read_by(consumer, reader)
        consumer.handle(message(producer, "a"))
    assert [step for _, _, step in effects()] == [1, 2, 2, 3, 3, 3]
    assert not DeadLetter.objects.exists()


def test_a_gap_in_the_chain_is_refused_before_the_first_message() -> None:
    reader = deploy(3)
    assert check_versions(reader, {1, 2, 3}) is None
    del upcasters._upcasters[GREETED, 2]
    found = check_versions(reader, {1, 2, 3})
    assert found is not None
    assert (found.id, found.hint) == ("strangler.E202", f'Register one with @upcaster("{GREETED}", from_version=2).')
    assert "no upcaster lifts v2 to v3: messages of v1, v2 may still come" in found.msg
    assert check_versions(reader, {3}) is None  # nothing else was ever published


def test_a_reader_that_is_behind_is_warned() -> None:
    found = check_versions(deploy(2), {1, 2, 3})
    assert found is not None
    assert found.id == "strangler.W202"
    assert "reads versions.greeted.v2, and v3 is published" in found.msg
