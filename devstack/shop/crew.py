"""People at work, each in a thread of its own, at a steady pace for all of them together."""

import threading
import time
from collections.abc import Callable, Sequence


class Crew:
    """Each of `rounds` is called again and again by a thread of its own, until `stop`.

    `check()` raises what stopped one of them.
    """

    def __init__(self, rounds: Sequence[Callable[[], None]], *, per_second: float) -> None:
        self._pace = _Pace(per_second)
        self._stop = threading.Event()
        self._failure: Exception | None = None
        self._threads = [
            threading.Thread(target=self._work, args=(one_round,), name=f"crew-{number}", daemon=True)
            for number, one_round in enumerate(rounds)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let every round in hand come to its end."""
        self._stop.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _work(self, one_round: Callable[[], None]) -> None:
        try:
            while not self._stop.wait(self._pace.seconds_to_wait()):
                one_round()
        except Exception as error:  # noqa: BLE001 - raised again by check(), in the main thread
            self._failure = error
            self._stop.set()


class _Pace:
    """Hands out the moments at which the next round is due."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._lock = threading.Lock()
        self._next = 0.0

    def seconds_to_wait(self) -> float:
        with self._lock:
            now = time.monotonic()
            self._next = max(now, self._next + self._interval)
            return self._next - now
