"""Start processes from one thread that lives as long as this process.

Linux sends the parent-death signal when the *thread* that forked ends, not when the process does (prctl(2)). A server
started from a short-lived worker thread would be shot as soon as that thread returned.
"""

import os
import queue
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, TypeAlias

Child: TypeAlias = "subprocess.Popen[Any]"
Job = tuple["Future[Child]", Sequence[str], dict[str, Any]]


class _Spawner:
    def __init__(self) -> None:
        self.pid = os.getpid()
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="devstack-spawner", daemon=True).start()

    def popen(self, command: Sequence[str], options: dict[str, Any]) -> Child:
        started: Future[Child] = Future()
        self._jobs.put((started, command, options))
        return started.result()

    def _work(self) -> None:
        while True:
            started, command, options = self._jobs.get()
            try:
                process = subprocess.Popen(command, **options)
            except BaseException as error:  # noqa: BLE001 - it belongs to the thread that waits for the result
                started.set_exception(error)
            else:
                started.set_result(process)


_lock = threading.Lock()
_current: _Spawner | None = None


def popen(command: Sequence[str], **options: Any) -> Child:
    """`subprocess.Popen`, from the long-lived thread of this process (a forked child gets its own)."""
    global _current  # noqa: PLW0603 - one per process
    with _lock:
        if _current is None or _current.pid != os.getpid():
            _current = _Spawner()
        spawner = _current
    return spawner.popen(command, options)
