"""`kill -9` at random moments, a new start by the demo, and how long it took until everything flowed again."""

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from devstack.demo.observer import Sight
from devstack.shop.programs import Program

QUIET_SECONDS = (0.5, 3.0)
DOWN_SECONDS = (0.2, 1.5)
CATCHING_UP_SECONDS = (0.0, 0.3)
AGAIN_AT_ONCE = 0.5
GIVE_UP_SECONDS = 60.0


@dataclass
class Outage:
    """From the kill until the process works again and what had piled up by then is handled."""

    victims: Sequence[Program]
    killed_at: datetime
    under_way: int
    restarted_at: datetime | None = None
    ready_at: datetime | None = None
    over_at: datetime | None = None

    @property
    def who(self) -> str:
        return " and ".join(victim.name for victim in self.victims)

    @property
    def seconds(self) -> float | None:
        return None if self.over_at is None else (self.over_at - self.killed_at).total_seconds()

    def overlaps(self, start: datetime, end: datetime) -> bool:
        return end >= self.killed_at and (self.over_at is None or start <= self.over_at)

    def recovered(self, sight: Sight) -> datetime | None:
        """Return when the last of the events that had been waiting for the restart was handled."""
        ready = self.ready_at
        if ready is None:
            return None
        waited = [way for way in sight.ways if way.created_at <= ready]
        if any(way.handled_at is None for way in waited):
            return None
        handled = [way.handled_at for way in waited if way.handled_at and way.handled_at >= self.killed_at]
        return max([ready, *handled])


class Killer:
    """Call `step()` often. Kills come at random moments, under load or while the last one's backlog is worked off."""

    def __init__(
        self, relay: Program, consumer: Program, dice: random.Random, tell: Callable[[str, str], None]
    ) -> None:
        self._dice = dice
        self._tell = tell
        self._plan: list[Sequence[Program]] = [[relay], [consumer], [relay], [consumer], [relay, consumer]]
        dice.shuffle(self._plan)
        self._act_at = math.inf  # inf: waits for something to happen, not for a moment
        self.outages: list[Outage] = []

    @property
    def finished(self) -> bool:
        """All are over, and the load went on for another quiet while."""
        return not self._plan and not self._open() and time.monotonic() > self._act_at

    @property
    def stuck(self) -> bool:
        """An outage did not end in time: there is no point in another kill."""
        return any((datetime.now(UTC) - outage.killed_at).total_seconds() > GIVE_UP_SECONDS for outage in self._open())

    def begin(self) -> None:
        self._act_within(QUIET_SECONDS)

    def step(self, sight: Sight) -> None:
        for outage in self._open():
            self._look_after(outage, sight)
        if time.monotonic() < self._act_at:
            return
        down = [outage for outage in self._open() if outage.restarted_at is None]
        if down:
            self._restart(down[0], sight)
        elif self._plan:
            self._kill(self._plan.pop(), sight)

    def _kill(self, victims: Sequence[Program], sight: Sight) -> None:
        outage = Outage(victims, datetime.now(UTC), under_way=sight.under_way)
        for victim in victims:
            victim.kill_9()
        self.outages.append(outage)
        self._tell("killed", f"kill -9 {outage.who}")
        self._act_within(DOWN_SECONDS)

    def _restart(self, outage: Outage, sight: Sight) -> None:
        for victim in outage.victims:
            victim.start()
        outage.restarted_at = datetime.now(UTC)
        self._act_at = math.inf
        self._tell("restarted", f"{outage.who} started again, {sight.under_way} events waiting")

    def _look_after(self, outage: Outage, sight: Sight) -> None:
        if outage.restarted_at and not outage.ready_at and all(victim.match() for victim in outage.victims):
            outage.ready_at = datetime.now(UTC)
            if self._plan and self._dice.random() < AGAIN_AT_ONCE:
                self._act_within(CATCHING_UP_SECONDS)
        elif outage.ready_at and (moment := outage.recovered(sight)) is not None:
            outage.over_at = moment
            self._tell("over", f"{outage.who} back, backlog handled {outage.seconds:.1f} s after the kill")
            if not self._open():
                self._act_within(QUIET_SECONDS)

    def _open(self) -> list[Outage]:
        return [outage for outage in self.outages if outage.over_at is None]

    def _act_within(self, between: tuple[float, float]) -> None:
        self._act_at = time.monotonic() + self._dice.uniform(*between)
