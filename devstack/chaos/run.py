"""One run: load, faults by the schedule, then quiet, and everything has to have arrived."""

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack

from devstack.chaos.evidence import Evidence, Witness
from devstack.chaos.expected import Expected, expect
from devstack.chaos.faults import inflict
from devstack.chaos.load import Load
from devstack.chaos.schedule import Fault, Step
from devstack.chaos.world import World
from devstack.chaos.writes import WriteLog, read
from devstack.shop.errors import CannotGoOn

LOOK_EVERY_SECONDS = 0.1
RECOVERY_SECONDS = 90.0
SILENCE_SECONDS = 60.0
SAY_EVERY_SECONDS = 5.0
Tell = Callable[[str], None]


class Run:
    """`go()` once. Raises CannotGoOn when the shop does not recover, and what a shopper met.

    What has not arrived after `silence` seconds without any progress never will.
    """

    def __init__(self, world: World, *, seed: int, tell: Tell, silence: float = SILENCE_SECONDS) -> None:
        self.log = world.workspace.root / "writes.jsonl"
        self.exercised: list[Fault] = []
        self._writes = WriteLog(self.log)
        self._world = world
        self._witness = Witness(world)
        self._load = Load(world.shop_url, self._writes, password=world.password, seed=seed)
        self._tell = tell
        self._silence = silence

    def go(self, steps: Iterable[Step], *, seconds: float) -> Evidence:
        """The faults end with the first step that begins after so many seconds."""
        before = self._witness.shelves()
        self._load.register()
        self._load.start()
        try:
            self._steps(steps, time.monotonic() + seconds)
        finally:
            self._load.stop()
        self._tell("no more faults, no more load")
        self._load.check()
        self._world.calm_down()
        self._load.resolve()
        self._load.close()
        self._writes.close()
        self._drain(expect(read(self.log)))
        self._world.stop_consumers()
        return self._witness.evidence(self.log, before, self._world.backlog())

    def _steps(self, steps: Iterable[Step], until: float) -> None:
        for step in steps:
            self._tell(f"{step}")
            if not self._progress(step.after, until):
                return
            self._inflict(step)

    def _progress(self, count: int, until: float) -> bool:
        """Wait for so many more acknowledged writes. False when the time is over."""
        goal, patience = self._writes.acknowledged + count, time.monotonic() + RECOVERY_SECONDS
        while self._writes.acknowledged < goal:
            self._watch()
            if time.monotonic() > until:
                return False
            if time.monotonic() > patience:
                raise CannotGoOn(f"the shop does not recover: not {count} writes in {RECOVERY_SECONDS:g} s")
        return time.monotonic() < until

    def _inflict(self, step: Step) -> None:
        self._world.supervise()
        with ExitStack() as stack:
            for fault in step.faults:
                stack.enter_context(inflict(fault, self._world))
                self.exercised.append(fault)
            over = time.monotonic() + step.hold
            while time.monotonic() < over:
                self._watch()
        self._tell(f"  over; {self._writes.acknowledged} writes acknowledged, {self._writes.refused} refused")

    def _watch(self) -> None:
        time.sleep(LOOK_EVERY_SECONDS)
        self._load.check()
        self._world.supervise()

    def _drain(self, expected: Expected) -> None:
        """Until all that the log promises has come, or nothing has moved for a long time: then the checker tells."""
        last, since, said = None, time.monotonic(), 0.0
        while time.monotonic() - since < self._silence:
            self._world.supervise()
            now = self._witness.progress()
            if now != last:
                last, since = now, time.monotonic()
            if now.arrived(expected):
                self._tell(f"all has arrived: {now.told(expected)}")
                return
            if time.monotonic() - said > SAY_EVERY_SECONDS:
                said = time.monotonic()
                self._tell(f"draining: {now.told(expected)}")
            time.sleep(LOOK_EVERY_SECONDS)
