"""Asks the service beside the request, by few threads with a short queue, and notes how its answer compares."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import Any

import structlog
from django.db import connections

from strangler.cutover.shadow.comparing import Finding, Plain, Rules, cause_of, raised

THREADS = 2
QUEUED_AT_MOST = 100
RECORDED_AT_ONCE = 50

log = structlog.get_logger(__name__)

Ask = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Call:
    """One call that the monolith answered. `answer` is plain and a copy: the caller may do with his what he likes."""

    capability: str
    arguments: str
    answer: Plain
    monolith: Ask
    service: Ask


class Shadow:
    """How a capability is compared. Each capability has its own threads, so that none waits for another's service.

    `sample` is the share of calls, from 0 to 1. Where answers differ, both sides are asked once more after `grace`
    seconds, and only what still differs is a mismatch: the service learns of a change a moment after the monolith.
    Nor is it one where the monolith's answer has changed meanwhile: what changes all the time is never caught twice in
    the same state, and tells nothing until both are. A process that ends forgets what was queued.
    """

    def __init__(self, rules: Rules | None = None, *, sample: float = 1.0, grace: float = 2.0) -> None:
        self._rules = rules or Rules()
        self._sample = sample
        self._grace = grace
        self._calls: Queue[Call] = Queue(QUEUED_AT_MOST)
        self._dropped = 0
        self._threads: list[Thread] = []
        self._lock = Lock()

    def answered(self, capability: str, monolith: Ask, service: Ask, args: tuple[Any, ...], kwargs: Any) -> Any:
        """The monolith's answer, or what it raises; the service is asked later, for the calls in the sample."""
        if random.random() >= self._sample:  # noqa: S311
            return monolith()
        try:
            answer = monolith()
        except Exception as error:
            refused = raised(error)
            self._compare_later(lambda: Call(capability, _written(args, kwargs), refused, monolith, service))
            raise
        self._compare_later(
            lambda: Call(capability, _written(args, kwargs), self._rules.plain(answer), monolith, service)
        )
        return answer

    def compare(self, call: Call) -> Finding:
        """Asks the service, now."""
        ours, theirs = call.answer, self._ask(call.service)
        places, moved = self._rules.differences(ours, theirs), False
        if places and self._grace:
            time.sleep(self._grace)
            ours, theirs = self._ask(call.monolith), self._ask(call.service)
            places = self._rules.differences(ours, theirs)
            moved = bool(places and self._rules.differences(call.answer, ours))
        return Finding(call.capability, call.arguments, ours, theirs, "" if moved else cause_of(places), moved)

    def _compare_later(self, copy: Callable[[], Call]) -> None:
        try:
            self._calls.put_nowait(copy())
        except Full:
            self._drop()
        except Exception as error:  # noqa: BLE001  (the mistake of a normaliser or a repr must not reach the user)
            log.warning("shadow_not_compared", error=repr(error))
            self._drop()
        if len(self._threads) < THREADS:
            self._start()

    def _drop(self) -> None:
        with self._lock:
            self._dropped += 1

    def _take_dropped(self) -> int:
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        return dropped

    def _start(self) -> None:
        with self._lock:
            while len(self._threads) < THREADS:
                self._threads.append(Thread(target=self._work, name="strangler-shadow", daemon=True))
                self._threads[-1].start()

    def _work(self) -> None:
        from strangler.cutover.shadow.store import record  # needs models, which a settings module has not got yet

        while True:
            try:
                findings = [self.compare(call) for call in self._next_calls()]
                record(findings, dropped=self._take_dropped())
            except Exception as error:  # noqa: BLE001  (the database is away: the next findings may be kept)
                log.warning("shadow_not_recorded", error=repr(error))
            finally:
                connections.close_all()

    def _next_calls(self) -> list[Call]:
        calls = [self._calls.get()]
        while len(calls) < RECORDED_AT_ONCE:
            try:
                calls.append(self._calls.get_nowait())
            except Empty:
                break
        return calls

    def _ask(self, side: Ask) -> Plain:
        try:
            return self._rules.plain(side())
        except Exception as error:  # noqa: BLE001  (whatever it is, it is an answer, and never the user's)
            return raised(error)


def _written(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    written = ", ".join([*map(repr, args), *(f"{name}={value!r}" for name, value in kwargs.items())])
    return written.replace("\x00", "\\x00")[:1_000]
