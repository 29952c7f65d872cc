"""What bounds a figure that missed its target, told by the figures beside it in the same run."""

from __future__ import annotations

from benchmarks.harness.outcome import Outcome
from benchmarks.harness.table import number

_BOUNDS = {
    "publish_overhead_p50": (
        "A raw INSERT of the same row, past Django and with its parameters made beforehand, costs "
        "{publish_raw_insert_p50} itself. What is left is pydantic's validation of the event, its JSON and one cursor "
        "of Django's."
    ),
    "publish_many_100_vs_one": (
        "The database bounds it: `publish_many(100)` takes {publish_many_100_vs_raw} of what 100 rows in one raw "
        "INSERT take. COPY is faster and not safe under Debezium "
        "([ADR 12](adr/0012-what-it-costs-to-record-and-to-carry.md))."
    ),
    "relay_polling_vs_bare": (
        "RabbitMQ, which both send to, uses the larger part of a core; the relay's own share goes to psycopg and to "
        "the books it keeps in PostgreSQL, which the bare loop does not ([profiles](profiles.md))."
    ),
    "relay_stream_vs_bare": (
        "Both wait for RabbitMQ. The relay also decodes the log, which PostgreSQL decodes for it first, and keeps the "
        "books of the outbox in PostgreSQL, which the bare loop does not ([profiles](profiles.md))."
    ),
    "debezium_vs_engine": (
        "The engine alone only counts. The relay also sends every event to RabbitMQ, waits for the confirms and "
        "settles the rows, which the bare loop, without any log to read, does at {bare_vs_engine} of the engine's "
        "speed; and on two cores the JVM, Python, PostgreSQL and RabbitMQ share what the engine has for itself while "
        "it counts. Decoding in Python instead of in a JVM is what the stream relay is for (`engine_vs_decode`: "
        "{engine_vs_decode})."
    ),
    "consumer_vs_bare": (
        "The handler's UPDATE through the ORM: a bare loop with nothing but that change reaches {bare_orm_vs_bare} of "
        "the bare loop in SQL, and the consumer {consumer_vs_bare_orm} of that. With the handler in SQL it reaches "
        "{consumer_in_sql_vs_bare} of the bare loop, which makes one statement of a hundred messages where a handler "
        "sees one; with `@subscribe_batch`, which sees them together, {consumer_batch_vs_bare}."
    ),
    "latency_p99_vs_best_peer": (
        "The tail is this machine's: the bare loop, which does nothing but wait, claim and confirm, had a p99 of "
        "{rows[bare loop, 200/s, p99]} ms (lowest and highest round beside it above) and the relay "
        "{rows[polling relay, 200/s, p99]} ms, at medians of {rows[bare loop, 200/s, p50]} and "
        "{rows[polling relay, 200/s, p50]} ms."
    ),
    "latency_p99_vs_best_peer_50": (
        "The bare loop, which does nothing but wait, claim and confirm, bounds it: the relay's p99 is "
        "{latency_p99_vs_bare_50} of that loop's, at medians of {rows[bare loop, 50/s, p50]} ms and "
        "{rows[polling relay, 50/s, p50]} ms."
    ),
    "stream_p99_ms": (
        "The tail is this machine's: the bare loop, which reads no log, had a p99 of {rows[bare loop, 200/s, p99]} ms "
        "in the same rounds. At 50 events a second the stream relay's is {rows[stream relay, 50/s, p99]} ms, and half "
        "of all events take {rows[stream relay, 200/s, p50]} ms at 200."
    ),
    "latency_p99_vs_polling_peers": (
        "The bare loop, which does nothing but wait, claim and confirm, bounds it: the relay's p99 is "
        "{latency_p99_vs_bare_200} of that loop's."
    ),
    "latency_p99_vs_polling_peers_50": (
        "The bare loop, which does nothing but wait, claim and confirm, bounds it: the relay's p99 is "
        "{latency_p99_vs_bare_50} of that loop's."
    ),
    "two_relays_vs_one": (
        "Two bare loops come to {two_bare_relays_vs_one} of one on these cores, which PostgreSQL and RabbitMQ share."
    ),
    "two_consumers_vs_one": (
        "One consumer keeps a core busy and PostgreSQL a good part of the other: two of them share what is left."
    ),
    "history_1m_vs_0": "It is the worst of the three, which see.",
    "history_1m_vs_0_consumer": (
        "Ids rise with time, so the inbox's index is entered at its right edge, one level deeper than an empty one. "
        "What is left is how far rounds lie apart on a server that they share: lowest and highest stand beside it."
    ),
    "outage_drain": (
        "A long backlog drains more slowly than a short one, whoever carries it: `python -m benchmarks.backlog "
        "--backlog-small 50000 --backlog-large 1000000` puts the bare loop beside the relay."
    ),
    "backlog_200k_vs_10k": ("The bare loop shows the same machine over the same minutes: {backlog_200k_vs_10k_bare}."),
}


def section(outcome: Outcome) -> str:
    """Markdown; empty where every target was met. A missed target that nobody has explained says so."""
    missed = [ratio for ratio in outcome.ratios if ratio.met is False]
    if not missed:
        return ""
    return "\n## What bounds what was missed\n\n" + "".join(
        f"- `{ratio.key}`: {_explain(ratio.key, outcome)}\n" for ratio in missed
    )


def _explain(key: str, outcome: Outcome) -> str:
    figures = {ratio.key: f"{ratio.spread.median:.2f}" for ratio in outcome.ratios if ratio.spread}
    rows = {row.name: number(row.spread.median) for row in outcome.rows}
    try:
        return _BOUNDS[key].format(**figures, rows=rows)
    except KeyError:
        return "not explained yet."
