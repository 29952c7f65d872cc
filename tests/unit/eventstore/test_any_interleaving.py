"""Several sessions append, commit and give up in any order, while a projection reads on.

Versions have no gaps, whoever decided on an old one is refused, and the projection is given each event that was
committed once, every stream's in order: also one that was written early and committed late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeVar

import pytest
from django.db import connection, transaction
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from strangler.errors import ConcurrencyConflict
from strangler.eventstore import projector as projecting
from strangler.eventstore.models import StreamEvent
from strangler.eventstore.projector import Projector
from strangler.eventstore.registry import projections
from tests.sample.streams import accounts
from tests.unit.eventstore.conftest import deposit, effects, sql

T = TypeVar("T")
SESSIONS, KEYS = range(3), ("a", "b")
sessions, keys = st.sampled_from(SESSIONS), st.sampled_from(KEYS)


class Session:
    """A connection of its own, in a thread of its own, with one transaction at a time."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._open: Any = None
        self.seen: dict[str, int] = {}
        self.pending: dict[str, int] = {}

    def do(self, work: Callable[[], T]) -> T:
        return self._thread.submit(work).result(timeout=30)

    def append(self, key: str, count: int, expected: int) -> int:
        self.begin()
        return self.do(lambda: accounts.append(key, [deposit(key)] * count, expected=expected))

    def begin(self) -> None:
        if self._open is None:
            self._open = transaction.atomic()
            self.do(self._open.__enter__)
            self.do(lambda: sql("SELECT pg_current_xact_id()"))

    def end(self, *, commit: bool) -> None:
        if self._open is not None:
            self.do(lambda: transaction.set_rollback(not commit))
            self.do(lambda: self._open.__exit__(None, None, None))
        self._open = None
        self.pending.clear()

    def close(self) -> None:
        self.do(_hang_up)
        self._thread.shutdown()


def _hang_up() -> None:
    connection.close()


class Interleaved(RuleBasedStateMachine):
    sessions: ClassVar[Sequence[Session]]

    def __init__(self) -> None:
        super().__init__()
        sql("TRUNCATE strangler_stream_event, strangler_stream_snapshot, strangler_projection, sample_effect")
        self.committed: dict[str, int] = defaultdict(int)
        self.projector = Projector(*projections.named("moves"), using="default")
        self.projector.prepare()

    @rule(session=sessions, key=keys)
    def load(self, session: int, key: str) -> None:
        at = self.sessions[session]
        at.seen[key] = at.do(lambda: accounts.load(key)).version
        assert at.seen[key] == self.version_for(at, key)

    @rule(session=sessions, key=keys, count=st.integers(1, 12), current=st.booleans())
    def append(self, session: int, key: str, count: int, current: bool) -> None:
        """On what it has seen last, or on what is right."""
        at = self.sessions[session]
        if any(key in other.pending for other in self.sessions if other is not at):
            return  # it would wait for that one's commit
        actual = self.version_for(at, key)
        expected = actual if current else at.seen.get(key, 0)
        if expected == actual:
            at.pending[key] = at.seen[key] = at.append(key, count, expected)
            assert at.pending[key] == actual + count
            return
        with pytest.raises(ConcurrencyConflict) as refused:
            at.append(key, count, expected)
        assert (refused.value.expected, refused.value.actual) == (expected, actual)

    @rule(session=sessions)
    def begin(self, session: int) -> None:
        self.sessions[session].begin()

    @rule(session=sessions, commit=st.sampled_from([True, True, False]))
    def end(self, session: int, commit: bool) -> None:
        if commit:
            self.committed.update(self.sessions[session].pending)
        self.sessions[session].end(commit=commit)

    @rule()
    def project(self) -> None:
        self.projector.step()
        given: dict[str, list[int]] = defaultdict(list)
        for stream, version in effects():
            given[stream].append(version)
        for stream, versions in given.items():
            assert versions == list(range(1, len(versions) + 1)), f"{stream}: {versions}"

    def version_for(self, session: Session, key: str) -> int:
        return session.pending.get(key, self.committed[key])

    def teardown(self) -> None:
        for number, session in enumerate(self.sessions):
            self.end(number, commit=True)
            session.seen.clear()
        while self.projector.step():
            pass
        self.project()
        given = effects()
        recorded = StreamEvent.objects.order_by("key", "version").values_list("key", "version")
        assert list(recorded) == [(key, at + 1) for key in KEYS for at in range(self.committed[key])]
        assert sorted(given) == [(f"account-{key}", version) for key, version in recorded]
        self.projector.begin_anew()
        while self.projector.step():
            pass
        assert effects() == given, "a rebuild is given the same in the same order"


@pytest.mark.django_db(transaction=True)
def test_every_event_is_projected_once_in_order_whatever_is_committed_when(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projecting, "BATCH", 5)
    monkeypatch.setattr(Interleaved, "sessions", [Session() for _ in SESSIONS], raising=False)
    options: Any = {"max_examples": 30, "stateful_step_count": 25, "deadline": None, "database": None}
    try:
        run_state_machine_as_test(Interleaved, settings=settings(**options, phases=(Phase.explicit, Phase.generate)))
    finally:
        for session in Interleaved.sessions:
            session.close()
