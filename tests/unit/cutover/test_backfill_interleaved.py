"""Live writers change, delete and make rows meanwhile: no update is lost, and nothing that was deleted comes back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event as Flag
from threading import Thread
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection, transaction
from psycopg.sql import SQL, Identifier, Literal

from strangler.cutover.backfilling import Backfill, backfills, pace
from strangler.messaging import Envelope, Event, decode
from strangler.outbox.models import OutboxMessage
from strangler.relay.stream.pgoutput import INSERT, RELATION, Inserts
from tests.sample.items import add, add_in_silence, add_part, changed, remove, set_value
from tests.sample.models import Item
from tests.stack.postgres import server
from tests.support.waiting import until
from tests.unit.cutover.backfilled import NAME, Noted, applied, envelopes, run, running, somebody_waits, tables, told

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 3
AHEAD_OF_THE_WRITERS = 40


class Log:
    """The outbox as the write-ahead log has it: in the order of commits."""

    def __init__(self, session: psycopg.Connection) -> None:
        self._session = session
        self._name = f"backfill_{uuid4().hex[:12]}"
        self._inserts = Inserts("public", "strangler_outbox", ["id"])
        session.execute(SQL("CREATE PUBLICATION {} FOR TABLE strangler_outbox").format(Identifier(self._name)))
        session.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput', true)", [self._name])

    def messages(self) -> Iterator[Envelope]:
        """All that there are, once."""
        payloads = dict(OutboxMessage.objects.values_list("id", "payload"))
        changes = SQL(
            "SELECT data FROM pg_logical_slot_get_binary_changes({}, NULL, NULL, 'proto_version', '1', "
            "'publication_names', {})"
        ).format(Literal(self._name), Literal(self._name))
        for (data,) in self._session.execute(changes, binary=True).fetchall():
            if data[0] == RELATION:
                self._inserts.learn(bytes(data))
            if data[0] == INSERT and (row := self._inserts.values(bytes(data))):
                yield decode(payloads[UUID(row[0].decode())])

    def close(self) -> None:
        self._session.execute(SQL("DROP PUBLICATION {}").format(Identifier(self._name)))


@pytest.fixture
def log(transactional_db: None) -> Iterator[Log]:
    with server().connect(str(connection.settings_dict["NAME"])) as superuser:
        log = Log(superuser)
        yield log
        log.close()


def expect_the_truth(log: Log) -> None:
    """Whether a relay goes by the positions of the outbox or by the log, the group knows what the tables hold."""
    assert applied(envelopes()) == tables(), "by position"
    assert applied(log.messages()) == tables(), "by commit"


@contextmanager
def meanwhile(*work: Callable[[], None]) -> Iterator[list[Thread]]:
    failures: list[BaseException] = []

    def run_one(one: Callable[[], None]) -> None:
        try:
            one()
        except BaseException as error:  # noqa: BLE001  (raised below)
            failures.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run_one, args=[one]) for one in work]
    yield threads
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []


@pytest.mark.parametrize(
    "live",
    [lambda: set_value("i1", 77), lambda: add_part("i1", 88), lambda: remove("i1")],
    ids=["an update", "a new part", "a delete"],
)
def test_a_change_between_the_reading_and_the_telling_comes_after_it(
    group: str, log: Log, monkeypatch: pytest.MonkeyPatch, live: Callable[[], None]
) -> None:
    add_in_silence(3, parts=2)
    with meanwhile(live) as (writer,):

        def tell(items: Sequence[Item]) -> Iterable[Event]:
            """Meanwhile somebody changes what was read: he waits for us, or (if nothing is locked) has done it."""
            writer.start()
            until(lambda: somebody_waits() or not writer.is_alive(), "the writer to wait for us")
            return [changed(item) for item in items]

        monkeypatch.setitem(backfills, NAME, Backfill(NAME, lambda: Item.objects.prefetch_related("parts"), tell, 1))
        run(group, NAME)
    assert told() == ["i0", "i1", "i2"]
    expect_the_truth(log)


def test_a_change_that_is_not_committed_yet_is_waited_for_and_told_as_it_became(group: str, log: Log) -> None:
    add_in_silence(3, parts=1)
    published, end = Flag(), Flag()

    def live() -> None:
        with transaction.atomic():
            set_value("i1", 77)
            published.set()
            assert end.wait(60)

    with meanwhile(live) as (writer,):
        writer.start()
        assert published.wait(60)
        noted = Noted()
        with meanwhile(running(noted).run) as (filler,):
            filler.start()
            until(somebody_waits, "the backfill to wait for the one row")
            end.set()
    assert told() == ["i0", "i1", "i2"]
    expect_the_truth(log)


def test_a_row_that_is_being_made_while_it_begins_tells_of_itself(group: str, log: Log) -> None:
    made, end = Flag(), Flag()

    def live() -> None:
        with transaction.atomic():
            add("early", 1)
            made.set()
            assert end.wait(60)

    with meanwhile(live) as (writer,):
        writer.start()
        assert made.wait(60)
        add_in_silence(3)
        run(group, NAME)
        end.set()
    assert told() == ["i0", "i1", "i2"]
    expect_the_truth(log)


def test_under_writers_that_change_everything_the_group_ends_with_what_the_tables_hold(
    group: str, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small chunks, so that many begin and end between changes; writers work around where the backfill is."""
    monkeypatch.setattr(pace, "MOST_AT_ONCE", 10)
    monkeypatch.setattr(pace, "MAX_WAITING", 10**6)
    add_in_silence(500, parts=1)
    noted, done = Noted(), Flag()
    choice = random.Random(7)
    seeds = [choice.random() for _ in range(WRITERS)]

    def write(seed: float) -> None:
        chance, made = random.Random(seed), 0
        while not done.is_set():
            at = noted.done[-1] if noted.done else 0
            number = f"i{at + chance.randrange(AHEAD_OF_THE_WRITERS)}"
            kind = chance.random()
            try:
                if kind < 0.6:
                    set_value(number, chance.randrange(10**6))
                elif kind < 0.8:
                    add_part(number, chance.randrange(10**6))
                elif kind < 0.95:
                    remove(number)
                else:
                    made += 1
                    add(f"n{seed}-{made}", made)
            except Item.DoesNotExist:
                continue

    with meanwhile(*(lambda seed=seed: write(seed) for seed in seeds)) as writers:
        for writer in writers:
            writer.start()
        try:
            running(noted).run()
        finally:
            done.set()
    assert len(told()) == len(set(told())) == noted.done[-1]
    assert len(envelopes()) > len(told()) + 100, "the writers hardly wrote"
    expect_the_truth(log)
