"""Which fault, on whom, when and for how long: a pure function of the seed."""

import random
from collections.abc import Iterator
from typing import NamedTuple

WORKERS = ("relay", "notifications", "auditor", "mailer")
LINKS = (
    *("client-shop", "shop-database", "relay-database", "relay-broker"),
    *("notifications-database", "notifications-broker", "auditor-database", "auditor-broker"),
)
DATABASES = ("shop-server", "services-server")
OF_PROCESSES = {
    "kill": ("shop", "shop-worker", *WORKERS),
    "stop": ("shop-worker", *WORKERS),
    "prune": ("outbox", "inbox"),
    "clock": ("shop", *WORKERS),
    "switch": ("relay",),
    "deploy": ("notifications", "auditor"),
}
OF_SURROUNDINGS = {
    "cut": LINKS,
    "stall": LINKS,
    "delay": LINKS,
    "broker-restart": ("broker",),
    "broker-kill": ("broker",),
    "database-restart": DATABASES,
    "database-kill": DATABASES,
}
KINDS = {**OF_PROCESSES, **OF_SURROUNDINGS}
WRITES_BETWEEN = (3, 25)
HOLD_SECONDS = (0.3, 3.0)
LONG_HOLD_SECONDS = (6.0, 12.0)
LONG_HOLDS = 0.08
TWO_AT_ONCE = 0.25


class Fault(NamedTuple):
    """`spice`, from 0 to 1, is for the kind to decide by: how far a clock jumps, which relay comes next."""

    kind: str
    victim: str
    spice: float

    def __str__(self) -> str:
        return f"{self.kind} {self.victim}"


class Step(NamedTuple):
    """`after` so many writes acknowledged since the last step was over, the faults begin, for `hold` seconds."""

    number: int
    after: int
    faults: tuple[Fault, ...]
    hold: float

    def __str__(self) -> str:
        what = " and ".join(map(str, self.faults))
        return f"#{self.number} after {self.after} writes: {what}, {self.hold:.1f} s"


def schedule(seed: int) -> Iterator[Step]:
    """Without end. Every kind comes once before any comes twice; of two at once, one is of the surroundings."""
    dice = random.Random(f"{seed} faults")  # noqa: S311
    kinds = _dealt(dice, tuple(KINDS))
    victims = {kind: _dealt(dice, names) for kind, names in KINDS.items()}
    number = 0
    while True:
        number += 1
        chosen = [next(kinds)]
        if dice.random() < TWO_AT_ONCE:
            chosen.append(dice.choice(tuple(OF_PROCESSES if chosen[0] in OF_SURROUNDINGS else OF_SURROUNDINGS)))
        faults = tuple(Fault(kind, next(victims[kind]), round(dice.random(), 3)) for kind in chosen)
        hold = dice.uniform(*(LONG_HOLD_SECONDS if dice.random() < LONG_HOLDS else HOLD_SECONDS))
        yield Step(number, dice.randint(*WRITES_BETWEEN), faults, round(hold, 2))


def _dealt(dice: random.Random, names: tuple[str, ...]) -> Iterator[str]:
    """Deal the whole deck before shuffling it again."""
    while True:
        yield from dice.sample(names, len(names))
