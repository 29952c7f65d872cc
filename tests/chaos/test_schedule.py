from __future__ import annotations

from itertools import islice

import pytest

from devstack.chaos.faults import inflict
from devstack.chaos.schedule import DATABASES, KINDS, LINKS, OF_PROCESSES, Fault, schedule
from devstack.chaos.servers import Servers
from tests.stack.postgres import scratch


def test_a_seed_always_gives_the_same_schedule_and_another_seed_another() -> None:
    assert list(islice(schedule(7), 100)) == list(islice(schedule(7), 100))
    assert list(islice(schedule(7), 100)) != list(islice(schedule(8), 100))


@pytest.mark.parametrize("seed", range(20))
def test_every_kind_comes_once_before_any_comes_twice(seed: int) -> None:
    firsts = [step.faults[0].kind for step in islice(schedule(seed), len(KINDS))]
    assert sorted(firsts) == sorted(KINDS)


def test_two_faults_at_once_never_have_one_victim() -> None:
    """One is of a process, the other of what is around it."""
    pairs = [step.faults for seed in range(20) for step in islice(schedule(seed), 50) if len(step.faults) == 2]
    assert pairs
    assert all((first.kind in OF_PROCESSES) != (second.kind in OF_PROCESSES) for first, second in pairs)


def test_every_victim_has_every_fault_of_its_kind_sooner_or_later() -> None:
    seen = {(fault.kind, fault.victim) for step in islice(schedule(1), 2_000) for fault in step.faults}
    assert seen == {(kind, victim) for kind, victims in KINDS.items() for victim in victims}


def test_every_kind_of_fault_and_every_link_is_there() -> None:
    for kind in KINDS:
        inflict(Fault(kind, "nobody", 0.5), None)  # type: ignore[arg-type]  # made, not entered
    with Servers(scratch() / "never-started", "pgmq") as servers:
        assert servers.links(0).keys() == set(LINKS)
        assert servers.all.keys() == {*DATABASES, "broker"}
