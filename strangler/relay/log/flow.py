"""From log to broker with one batch under way: while the broker confirms it, the next one is read and looked up.

Nothing is settled before it is confirmed, and the slot is told of nothing before it is settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import NamedTuple, Self

from strangler.brokers import Publisher, Receipt
from strangler.relay.log.carrying import Batch, Stream
from strangler.relay.log.reading import BATCH_BYTES, Captured, Reader

_ALIVE_SECONDS = 1.0


class _UnderWay(NamedTuple):
    batch: Batch
    receipt: Future[Receipt]


class Flow:
    """`with Flow(...) as flow:` `step()` again and again, `finish()` at a clean end. It publishes in a thread."""

    def __init__(self, reader: Reader, stream: Stream, publisher: Publisher, *, batch_size: int) -> None:
        self._reader = reader
        self._stream = stream
        self._publisher = publisher
        self._batch_size = batch_size
        self._pool = ThreadPoolExecutor(1, "publisher")
        self._ahead: _UnderWay | None = None
        self._next: Batch | None = None

    def step(self, timeout: float) -> None:
        """Take what the log has, wait up to `timeout` seconds for it, and send it as soon as the broker is free.

        Raises `BrokerUnavailable`, `CaptureUnavailable`, and what the database raises.
        """
        if self._is_full():
            self._wait()
        elif captured := self._reader.poll(timeout):
            self._take(captured)
        if self._ahead is None or self._ahead.receipt.done():
            self._go_on()

    def finish(self) -> None:
        """Settle what was read."""
        while self._ahead or self._next:
            self._go_on()

    def _take(self, captured: Sequence[Captured]) -> None:
        before = [each for each in (self._ahead and self._ahead.batch, self._next) if each]
        batch = self._stream.look_up(captured, ahead=before)
        if batch.missing:
            self.finish()
            visible = self._stream.until_visible(captured)
            if visible is None:
                return
            batch = visible
        self._next = self._next.with_more(batch) if self._next else batch

    def _is_full(self) -> bool:
        """There is no point in reading on: the broker is slower than the log."""
        full = self._next
        return full is not None and (len(full.captured) >= self._batch_size or full.size() >= BATCH_BYTES)

    def _go_on(self) -> None:
        """What was under way is settled after the next batch has set off, so that the broker never waits for it."""
        ahead, following = self._ahead, self._next
        self._ahead = self._next = None
        receipt = self._wait_for(ahead) if ahead else None
        if following:
            if ahead and receipt:
                following.hold_back_behind(ahead.batch, receipt)
            self._send(following)
        if ahead and receipt:
            self._stream.settle(ahead.batch, receipt)
            for _ in range(ahead.batch.polls):
                self._reader.done()

    def _send(self, batch: Batch) -> None:
        self._ahead = _UnderWay(batch, self._pool.submit(self._publish, batch))
        self._ahead.receipt.add_done_callback(lambda _: self._reader.wake())

    def _publish(self, batch: Batch) -> Receipt:
        return self._publisher.publish(batch.messages) if batch.messages else Receipt()

    def _wait(self) -> None:
        if self._ahead:
            self._wait_for(self._ahead)

    def _wait_for(self, ahead: _UnderWay) -> Receipt:
        while not wait([ahead.receipt], timeout=_ALIVE_SECONDS).done:
            self._reader.stay_alive()
        return ahead.receipt.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()
