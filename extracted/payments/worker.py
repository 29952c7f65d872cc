"""`settle_calls`: makes the calls that are due, some at a time, and tells what came of each as soon as it has ended."""

from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from threading import Event

from extracted.payments import calls, deferring
from extracted.payments.gateway import Gateway, Outcome
from extracted.payments.models import GatewayCall

LONGEST_SLEEP = 0.2
"""Seconds. A request that has just come in has its call due at once."""


def work(gateway: Gateway, *, stop: Event, at_once: int) -> tuple[int, int]:
    """Until nothing is due (any more), or told to stop. How many calls were made, how many requests refused as late."""
    made = late = 0
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="gateway") as threads:
        while not stop.is_set():
            late += deferring.refuse_overdue()
            claimed = calls.claim(at_once)
            if not claimed:
                deferring.defer_waiting()
                break
            made += _make(claimed, gateway, threads)
    return made, late


def _make(claimed: list[GatewayCall], gateway: Gateway, threads: ThreadPoolExecutor) -> int:
    """The network in threads, the database in this one."""
    going: dict[Future[Outcome], GatewayCall] = {threads.submit(gateway.make, call): call for call in claimed}
    for ended in as_completed(going):
        calls.settle(going[ended], ended.result())
    return len(claimed)
