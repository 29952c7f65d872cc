"""From log to broker with one batch under way: while the broker confirms it, the next one is read and looked up.

Nothing is settled before it is confirmed, and the slot is told of nothing before it is settled.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import NamedTuple, Self

from strangler.brokers import Publisher, Receipt
from strangler.relay.log.carrying import Batch, Stream
from strangler.relay.log.reading import Reader

_ALIVE_SECONDS = 1.0


class _UnderWay(NamedTuple):
    batch: Batch
    receipt: Future[Receipt]


class Flow:
    """`with Flow(...) as flow:` `step()` again and again, `finish()` at a clean end. It publishes in a thread."""

    def __init__(self, reader: Reader, stream: Stream, publisher: Publisher) -> None:
        self._reader = reader
        self._stream = stream
        self._publisher = publisher
        self._pool = ThreadPoolExecutor(1, "publisher")
        self._ahead: _UnderWay | None = None

    def step(self, timeout: float) -> None:
        """Take what the log has, wait up to `timeout` seconds for it, and settle what was under way before.

        Raises `BrokerUnavailable`, `CaptureUnavailable`, and what the database raises.
        """
        ahead = self._ahead
        captured = self._reader.poll(timeout, fill=ahead is not None)
        if not captured and (ahead is None or not ahead.receipt.done()):
            return
        following = self._stream.look_up(captured, ahead=ahead.batch if ahead else None) if captured else None
        receipt = self._wait(ahead) if ahead else None
        if following and not following.missing:
            if ahead and receipt:
                following.hold_back_behind(ahead.batch, receipt)
            self._send(following)
        self._settle(ahead, receipt)
        if following and following.missing:
            following = self._stream.until_visible(captured)
            if following:
                self._send(following)

    def finish(self) -> None:
        """Settle what is under way."""
        ahead, self._ahead = self._ahead, None
        self._settle(ahead, self._wait(ahead) if ahead else None)

    def _send(self, batch: Batch) -> None:
        self._ahead = _UnderWay(batch, self._pool.submit(self._publish, batch))
        self._ahead.receipt.add_done_callback(lambda _: self._reader.wake())

    def _publish(self, batch: Batch) -> Receipt:
        return self._publisher.publish(batch.messages) if batch.messages else Receipt()

    def _wait(self, ahead: _UnderWay) -> Receipt:
        while not wait([ahead.receipt], timeout=_ALIVE_SECONDS).done:
            self._reader.stay_alive()
        return ahead.receipt.result()

    def _settle(self, ahead: _UnderWay | None, receipt: Receipt | None) -> None:
        if ahead and receipt:
            self._stream.settle(ahead.batch, receipt)
            self._reader.done()
            if self._ahead is ahead:
                self._ahead = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()
