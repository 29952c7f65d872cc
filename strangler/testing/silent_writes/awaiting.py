"""The stack behind code that asgiref runs in a thread for a coroutine: the coroutines that wait for it.

Django's asynchronous ORM does all its work like that. The thread's own stack does not know who asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

_LOOKS, _LOOK_SECONDS = 50, 0.001


def outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """The frame and its callers; between two stacks, those of the coroutines in the middle."""
    while frame is not None:
        yield frame
        if frame.f_code.co_name == "thread_handler" and frame.f_globals.get("__name__") == "asgiref.sync":
            yield from _waiting_for(frame)
        frame = frame.f_back


def _waiting_for(handler: FrameType) -> Sequence[FrameType]:
    """asgiref makes a partial of the call, and the coroutine that made it holds the same one. The thread may be quicker
    than the coroutine, which can't be looked into before it waits.
    """
    call = next(iter(handler.f_locals.get("args", ())), None)
    for _ in range(_LOOKS if call is not None else 0):
        for task in asyncio.all_tasks(handler.f_locals["loop"]):
            frames = list(_frames(task.get_coro()))
            if frames and frames[-1].f_locals.get("child") is call:
                return frames[::-1]
        time.sleep(_LOOK_SECONDS)
    return ()


def _frames(coroutine: Any) -> Iterator[FrameType]:
    """From the outermost to the one that waits."""
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        yield frame
        coroutine = coroutine.cr_await
