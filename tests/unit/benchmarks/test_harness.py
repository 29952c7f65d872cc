"""The arithmetic of the benchmarks: whoever reads a ratio must be able to trust how it was made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import FIGURES
from benchmarks.harness.bounds import section
from benchmarks.harness.outcome import Outcome, Row, at_least, at_most
from benchmarks.harness.page import write
from benchmarks.harness.picture import TARGET_AT, WIDTH, place
from benchmarks.harness.samples import Samples, Spread, take_turns
from benchmarks.harness.scale import FULL
from benchmarks.latency import percentiles
from benchmarks.memory import PORTIONS, WARM, grown
from benchmarks.peers.comparing import each_with_bare, with_the_best
from benchmarks.peers.environment import Peer

PROMISED = {
    "publish_overhead_p50",
    "relay_polling_vs_bare",
    "relay_polling_vs_best_peer",
    "relay_stream_vs_bare",
    "debezium_vs_engine",
    "consumer_vs_bare",
    "latency_p99_vs_best_peer",
    "backlog_200k_vs_10k",
    "history_1m_vs_0",
}


def samples(**values: list[float]) -> Samples:
    return Samples(values)


def test_a_ratio_is_made_within_each_round_so_that_a_slow_minute_hurts_both_sides() -> None:
    ratio = samples(kit=[50.0, 500.0, 90.0], bare=[100.0, 1000.0, 100.0]).ratio("kit", "bare")
    assert ratio == Spread(median=0.5, low=0.5, high=0.9)


def test_rounds_that_do_not_pair_are_an_error_and_no_rounds_too() -> None:
    with pytest.raises(ValueError, match="longer"):
        samples(kit=[1.0], bare=[1.0, 2.0]).ratio("kit", "bare")
    with pytest.raises(ValueError, match="no rounds"):
        samples(kit=[]).spread("kit")


def test_everybody_takes_part_in_every_round_and_who_begins_changes() -> None:
    order: list[str] = []

    def contender(name: str) -> float:
        order.append(name)
        return 1.0

    taken = take_turns({name: lambda name=name: contender(name) for name in "abc"}, 3, lambda _: None)
    assert order == list("abcbcacab")
    assert taken.values == {name: [1.0] * 3 for name in "abc"}


def test_the_best_is_the_one_with_the_best_median_not_the_best_round() -> None:
    speeds = samples(steady=[5.0, 5.0, 5.0], lucky=[9.0, 1.0, 1.0])
    assert speeds.best(["steady", "lucky"]) == "steady"
    assert speeds.best(["steady", "lucky"], highest=False) == "lucky"


@pytest.mark.parametrize(
    ("target", "met", "missed"), [(at_least(0.85), 0.85, 0.849), (at_most(1.15), 1.15, 1.151)], ids=str
)
def test_a_target_counts_as_met_at_its_own_value_and_on_the_right_side(target, met: float, missed: float) -> None:
    outcome = Outcome()
    for value in (met, missed):
        outcome.add_ratio("key", "title", Spread(value, value, value), target)
    assert [ratio.met for ratio in outcome.ratios] == [True, False]


def test_the_json_line_has_the_median_of_each_ratio_and_null_for_what_was_not_measured() -> None:
    outcome = Outcome()
    outcome.add_ratio("fast", "", Spread(0.87654, 0.5, 2.0), at_least(1))
    outcome.not_measured("stream", "", "there is none")
    assert json.loads(outcome.as_json()) == {"fast": 0.877, "stream": None}
    assert "\n" not in outcome.as_json()
    outcome.not_measured("stream", "", "again")
    with pytest.raises(ValueError, match="same key"):
        outcome.as_json()


def test_latency_leaves_the_first_second_out_and_nothing_that_came_after() -> None:
    sent = {str(n): 100 + n / 100 for n in range(300)}
    arrived = {id: moment + (9.0 if moment < 101 else 0.002) for id, moment in sent.items()}
    assert percentiles(sent, arrived) == pytest.approx((2.0, 2.0))
    del arrived["250"]
    with pytest.raises(KeyError):
        percentiles(sent, arrived)


def test_memory_grows_by_what_came_after_the_warm_up() -> None:
    sizes = [10.0] * WARM + [50.0] * (PORTIONS - WARM - 1) + [53.0]
    assert grown(sizes) == Spread(median=3.0, low=0.0, high=3.0)


def test_the_picture_puts_every_target_at_the_same_place_and_ends_at_its_end() -> None:
    assert place(0.95, at_least(0.95)) == place(20, at_most(20)) == TARGET_AT * WIDTH
    assert place(99, at_least(1)) == WIDTH


def test_the_page_says_loudly_what_was_missed_and_what_was_not_measured(tmp_path: Path) -> None:
    outcome = Outcome()
    outcome.add_rows("relay, backlog", samples(kit=[1234.0]), "events/s")
    outcome.add_ratio("slow", "kit / bare", Spread(0.2, 0.1, 0.3), at_least(0.85), note="a note")
    outcome.not_measured("stream", "stream / bare", "there is none", at_least(0.9))
    write(outcome, FULL, "full run on this machine", tmp_path)
    page = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "| `slow` | 0.2 | 0.1 - 0.3 | ≥ 0.85 | **missed** | kit / bare (a note) |" in page
    assert "**not measured** | stream / bare: there is none" in page
    assert "| kit | 1,234 |" in page
    picture = (tmp_path / "img" / "benchmarks.svg").read_text(encoding="utf-8")
    assert "not measured (target ≥ 0.9)" in picture


def test_every_promised_ratio_has_one_figure_that_makes_it() -> None:
    keys = [key for figure in FIGURES for key in figure.KEYS]
    assert set(keys) >= PROMISED
    assert len(keys) == len(set(keys))


def test_a_peer_that_fails_takes_no_further_part_and_spoils_nobody_elses_figure() -> None:
    turns = iter(range(10))

    def fails_the_second_time() -> float:
        if next(turns):
            raise AssertionError("did 3002 of 3000\nand its log")
        return 1.0

    contenders = {"ours": lambda: 2.0, "peer": fails_the_second_time}
    samples = take_turns(contenders, 4, lambda _: None, may_fail={"peer"})
    assert samples.values == {"ours": [2.0] * 4}
    assert samples.failed == {"peer": "it failed: did 3002 of 3000"}
    assert next(turns) == 2


def test_ours_may_not_fail() -> None:
    def fails() -> float:
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError, match="gone"):
        take_turns({"ours": fails}, 1, lambda _: None, may_fail={"peer"})


def test_all_figures_of_a_peer_that_failed_are_dropped_and_none_of_anothers() -> None:
    samples = Samples()
    for name in ("peer, 50/s, p99", "peer, 200/s, p99", "peer two, 50/s, p99"):
        samples.add(name, 1.0)
    with samples.measuring("peer", {"peer"}):
        raise RuntimeError("gone")
    assert samples.values == {"peer two, 50/s, p99": [1.0]}


def test_where_every_peer_failed_the_ratio_is_not_measured_and_says_so() -> None:
    samples, outcome = Samples(), Outcome()
    samples.failed["slow"] = "it failed: gone"
    peers = [Peer("slow", "slow", tables=())]
    with_the_best(outcome, samples, peers, ours="ours", key="best", title="ours / best", target=None)
    each_with_bare(outcome, samples, peers, "bare", "each")
    assert [(ratio.key, ratio.spread, ratio.note) for ratio in outcome.ratios] == [
        ("best", None, "every one of them failed"),
        ("each:slow", None, "it failed: gone"),
    ]


def test_the_page_says_what_bounds_what_was_missed_with_the_figures_of_the_same_run() -> None:
    outcome = Outcome()
    outcome.add_ratio("two_relays_vs_one", "two", Spread(1.4, 1.4, 1.4), at_least(1.6))
    outcome.add_ratio("two_bare_relays_vs_one", "two bare", Spread(1.5, 1.5, 1.5))
    outcome.add_ratio("consumer_vs_bare", "consumer", Spread(0.8, 0.8, 0.8), at_least(0.7))
    outcome.add_ratio("relay_polling_vs_best_peer", "peer", Spread(0.9, 0.9, 0.9), at_least(0.95))
    outcome.add_ratio("stream_p99_ms", "stream", Spread(12, 12, 12), at_most(10))
    for name, value in (("bare loop, 200/s, p99", 11), ("stream relay, 50/s, p99", 5), ("stream relay, 200/s, p50", 2)):
        outcome.rows.append(Row("commit to broker", name, Spread(value, value, value), "ms"))
    _, __, missed = section(outcome).partition("## What bounds what was missed\n\n")
    first, second, third = missed.splitlines()
    assert first.startswith("- `two_relays_vs_one`: Two bare loops come to 1.50 of one")
    assert second == "- `relay_polling_vs_best_peer`: not explained yet."
    assert "the bare loop, which reads no log, had a p99 of 11 ms" in third
    assert section(Outcome()) == ""
