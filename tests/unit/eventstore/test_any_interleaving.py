"""Several sessions append, commit and give up in any order, while a projection reads on.

Versions have no gaps, whoever decided on an old one is refused, and the projection is given each event that was
committed once, every stream's in order: also one that was written early and committed late, and one of a transaction
that is older than what it goes on from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from strangler.errors import ConcurrencyConflict
from strangler.eventstore import projector as projecting
from strangler.eventstore.models import StreamEvent
from strangler.eventstore.projector import Projector
from strangler.eventstore.registry import projections
from tests.sample.streams import accounts
from tests.unit.eventstore.conftest import deposit, effects, sql

T = TypeVar("T")
KEYS = ("a", "b", "c")


class Step(NamedTuple):
    what: str
    session: int
    key: str
    count: int


often = ("append", "append", "append", "commit", "commit")
steps = st.builds(
    Step,
    st.sampled_from([*often, "stale", "load", "begin", "roll back", "project", "project"]),
    st.integers(0, 2),
    st.sampled_from(KEYS),
    st.integers(1, 7),
)


class Session:
    """A connection of its own, in a thread of its own, with one transaction at a time."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._open: Any = None
        self.seen: dict[str, int] = {}
        self.pending: dict[str, int] = {}

    def do(self, work: Callable[[], T]) -> T:
        return self._thread.submit(work).result(timeout=60)

    def append(self, key: str, count: int, expected: int) -> int:
        self.begin()
        return self.do(lambda: accounts.append(key, [deposit(key)] * count, expected=expected))

    def begin(self) -> None:
        """With an id, as if it had written something."""
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


class Interleaving:
    """What each step does, and what must be so after it."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        sql("TRUNCATE strangler_stream_event, strangler_stream_snapshot, strangler_projection, sample_effect")
        self.sessions = sessions
        self.committed: dict[str, int] = defaultdict(int)
        self.projector = Projector(*projections.named("moves"), using="default")
        self.projector.prepare()

    def take(self, step: Step) -> None:
        session = self.sessions[step.session]
        match step.what:
            case "load":
                session.seen[step.key] = session.do(lambda: accounts.load(step.key)).version
                assert session.seen[step.key] == self._version_for(session, step.key)
            case "append" | "stale":
                self._append(session, step)
            case "begin":
                session.begin()
            case "commit" | "roll back":
                self._end(session, commit=step.what == "commit")
            case "project":
                self.projector.step()
                self._expect_order()

    def finish(self) -> None:
        for session in self.sessions:
            self._end(session, commit=True)
            session.seen.clear()
        given = self._drained()
        self._expect_order()
        recorded = list(StreamEvent.objects.order_by("key", "version").values_list("key", "version"))
        assert recorded == [(key, at + 1) for key in KEYS for at in range(self.committed[key])]
        assert sorted(given) == [(f"account-{key}", version) for key, version in recorded]
        self.projector.begin_anew()
        assert self._drained() == given, "a rebuild is given the same in the same order"

    def _append(self, session: Session, step: Step) -> None:
        """On the version that is right, or on what it has seen last."""
        for other in self.sessions:
            if other is not session and step.key in other.pending:
                self._end(other, commit=True)  # it would be waited for
        actual = self._version_for(session, step.key)
        expected = actual if step.what == "append" else session.seen.get(step.key, 0)
        if expected == actual:
            session.pending[step.key] = session.append(step.key, step.count, expected)
            assert session.pending[step.key] == actual + step.count
            return
        with pytest.raises(ConcurrencyConflict) as refused:
            session.append(step.key, step.count, expected)
        assert (refused.value.expected, refused.value.actual) == (expected, actual)

    def _end(self, session: Session, *, commit: bool) -> None:
        if commit:
            self.committed.update(session.pending)
        session.end(commit=commit)

    def _version_for(self, session: Session, key: str) -> int:
        return session.pending.get(key, self.committed[key])

    def _drained(self) -> list[tuple[str, int]]:
        while self.projector.step():
            pass
        return effects()

    def _expect_order(self) -> None:
        given: dict[str, list[int]] = defaultdict(list)
        for stream, version in effects():
            given[stream].append(version)
        for stream, versions in given.items():
            assert versions == list(range(1, len(versions) + 1)), f"{stream}: {versions}"


@pytest.fixture
def sessions(transactional_db: None) -> Iterator[list[Session]]:
    made = [Session() for _ in range(3)]
    yield made
    for session in made:
        session.end(commit=False)
        session.close()


def test_every_event_is_projected_once_in_order_whatever_is_committed_when(
    sessions: list[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without shrinking, which takes long on a database: a failure prints its steps."""
    monkeypatch.setattr(projecting, "BATCH", 5)

    @settings(
        max_examples=20, deadline=None, database=None, phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.lists(steps, min_size=15, max_size=40))
    def interleave(taken: list[Step]) -> None:
        interleaving = Interleaving(sessions)
        for step in taken:
            interleaving.take(step)
        interleaving.finish()

    interleave()
