"""What a commit says of a partition: whatever the order of acknowledgements, a successor repeats just what it must."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("confluent_kafka")

from strangler.brokers.kafka.progress import MAX_SPAN, Progress


def commit(progress: Progress) -> tuple[int, str]:
    return progress.low, progress.metadata


def taken(progress: Progress, offsets: range) -> list[int]:
    return [offset for offset in offsets if progress.take(offset)]


@given(st.integers(0, 10**12), st.integers(0, 60), st.data())
def test_a_successor_gets_exactly_what_was_not_done_and_knows_what_was_in_hand(start, count, data):
    first = Progress(start)
    everything = taken(first, range(start, start + count))
    done = data.draw(st.lists(st.sampled_from(everything), unique=True)) if everything else []
    for offset in done:
        first.done(offset)
    successor = Progress.read(*commit(first))
    again = taken(successor, range(successor.low, start + count + 5))
    assert again == [offset for offset in range(start, start + count + 5) if offset not in done]
    assert [o for o in again if successor.was_handed_out_before(o)] == [o for o in again if o < start + count]


@given(st.lists(st.integers(0, 200), max_size=8))
def test_a_chain_of_successors_that_each_die_in_the_middle_does_everything_once(acknowledged):
    progress, done = Progress(0), []
    for count in acknowledged:
        progress = Progress.read(*commit(progress))
        offsets = taken(progress, range(progress.low, progress.low + 300))
        for offset in offsets[::2][:count]:
            progress.done(offset)
            done.append(offset)
    assert len(done) == len(set(done))
    last = Progress.read(*commit(progress))
    assert set(taken(last, range(last.low, 3000))).isdisjoint(done)


def test_nothing_is_skipped_that_a_predecessor_had_in_hand_and_that_has_not_come_again_yet():
    first = Progress(10)
    taken(first, range(10, 16))
    second = Progress.read(*commit(first))
    for offset in taken(second, range(10, 12)):
        second.done(offset)
    assert second.low == 12


@pytest.mark.parametrize("metadata", ["", "from another client", "consumer:AQ==", "9", "9:abc", "9:AQ==\n", "9: AQ=="])
def test_metadata_of_somebody_else_says_nothing(metadata):
    assert commit(Progress.read(7, metadata)) == commit(Progress(7))


def test_metadata_stays_below_what_kafka_takes_behind_a_message_that_never_ends():
    progress = Progress(0)
    for offset in range(MAX_SPAN + 5000):
        progress.take(offset)
        if offset:
            progress._ahead.add(offset)
            progress._out.discard(offset)
    assert progress.low == 0
    assert len(progress.metadata) < 4096


def test_only_news_is_committed():
    progress = Progress(0)
    assert progress.unsaved() is None
    progress.take(0)
    news = progress.unsaved()
    assert news is not None
    progress.saved(news)
    assert progress.unsaved() is None
    progress.done(0)
    assert progress.unsaved() == (1, "1:")


def test_what_is_committed_is_forgotten_or_a_commit_would_cost_more_with_each_message():
    progress = Progress(0)
    for offset in range(1000):
        progress.take(offset)
        progress.done(offset)
        news = progress.unsaved()
        assert news is not None
        progress.saved(news)
    assert not progress._ahead
