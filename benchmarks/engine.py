"""What comes out of the log: `python -m benchmarks.engine --long-rounds 3 --captured 30000`.

Debezium's engine alone into a handler that counts, psycopg alone decoding pgoutput, and the kit's Debezium relay on to
RabbitMQ. The events are in the log, behind a slot, before any of them goes on. Beside them the bare loop, which reads
no log: what claiming and confirming costs whoever sends to RabbitMQ.
"""

from __future__ import annotations

from functools import partial

from benchmarks.contenders import BARE, DEBEZIUM
from benchmarks.harness.alone import alone
from benchmarks.harness.outcome import Outcome, Tick, at_least
from benchmarks.harness.samples import Measure, take_turns
from benchmarks.harness.scale import Scale
from benchmarks.project.filling import fill_outbox
from benchmarks.relay import contender_drain, from_the_log
from benchmarks.stack import Stack
from strangler.testing.waiting import until

KEYS = ("debezium_vs_engine", "engine_vs_decode")
SLOT = "bench_bare"
PUBLICATION = "strangler_outbox"
ENGINE, DECODE, RELAY = "engine alone, counting", "psycopg decoding pgoutput, counting", DEBEZIUM.name


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    events = scale.captured
    engine = partial(_alone, stack, events, "engine", "benchmarks.bare.engine", SLOT)
    decode = partial(_alone, stack, events, "decode", "benchmarks.bare.decode", SLOT, PUBLICATION)
    contenders: dict[str, Measure] = {ENGINE: engine, DECODE: decode, RELAY: from_the_log(stack, events, DEBEZIUM)}
    contenders[BARE.name] = contender_drain(stack, events, BARE)
    samples = take_turns(contenders, scale.long_rounds, tick)
    outcome = Outcome()
    outcome.add_rows("from the log", samples, "events/s")
    ratio = samples.ratio(RELAY, ENGINE)
    title = "Debezium relay to RabbitMQ / the engine alone into a counting handler"
    outcome.add_ratio("debezium_vs_engine", title, ratio, at_least(0.7))
    outcome.add_ratio("bare_vs_engine", f"{BARE.name} to RabbitMQ / the engine alone", samples.ratio(BARE.name, ENGINE))
    outcome.add_ratio("engine_vs_decode", "Debezium's engine / psycopg decoding", samples.ratio(ENGINE, DECODE))
    return outcome


def _alone(stack: Stack, events: int, name: str, module: str, *arguments: str) -> float:
    answer = stack.folder / f"{name}.txt"
    with stack.connect() as connection:
        connection.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [SLOT])
        try:
            fill_outbox(connection, events)
            stack.run(name, "-m", module, *arguments, str(events), str(answer), env=stack.env)
        finally:
            _drop(stack)
    return float(answer.read_text(encoding="ascii"))


def _drop(stack: Stack) -> None:
    """Once the server has seen that its reader is gone."""
    with stack.connect() as connection:
        free = "SELECT 1 FROM pg_replication_slots WHERE slot_name = %s AND active_pid IS NULL"
        until(lambda: connection.execute(free, [SLOT]).fetchone(), "the slot to be free")
        connection.execute("SELECT pg_drop_replication_slot(%s)", [SLOT])


if __name__ == "__main__":
    alone(measure, __doc__)
