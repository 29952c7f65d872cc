"""A wall clock that jumps while its process runs. Python loads this where this folder is on its PYTHONPATH.

The file that JUMPING_CLOCK names says by how many seconds. Monotonic time goes on as it was, as on any machine whose
clock is set. What asks the system itself is not reached: a Java runtime, a library in Rust (but for its UUIDv7).
"""

import os
import threading
import time
from pathlib import Path

import time_machine
from uuid_utils import compat

LOOK_EVERY_SECONDS = 0.2
_uuid7 = compat.uuid7


class _Clock:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._away = 0
        self._travel: time_machine.travel | None = None

    def watch(self) -> None:
        """Also in each child: threads do not come along when a process forks."""
        threading.Thread(target=self._watch, name="jumping-clock", daemon=True).start()

    def uuid7(self, *, nanoseconds: int | None = None) -> object:
        return _uuid7(nanoseconds=time.time_ns() if nanoseconds is None and self._away else nanoseconds)

    def _watch(self) -> None:
        never = threading.Event()
        while True:
            self._set(int(self._file.read_bytes()))  # no codec: while Python starts, there may be none yet
            never.wait(LOOK_EVERY_SECONDS)

    def _set(self, seconds: int) -> None:
        if seconds == self._away:
            return
        if self._travel is not None:
            self._travel.stop()
            self._travel = None
        if seconds:
            self._travel = time_machine.travel(time.time() + seconds, tick=True)
            self._travel.start()
        self._away = seconds


if "JUMPING_CLOCK" in os.environ:
    _clock = _Clock(Path(os.environ["JUMPING_CLOCK"]))
    compat.uuid7 = _clock.uuid7
    os.register_at_fork(after_in_child=_clock.watch)
    _clock.watch()
