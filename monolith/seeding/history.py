"""When things happened: two years of trade that end at a given moment, with growth, seasons, weekends and nights."""

from bisect import bisect
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
YEARS_TRADED = timedelta(days=730)
HEADSTART = timedelta(days=30)  # from the first product on the shelf to the first order
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

GROWTH = 2.0  # the last day sells three times as much as the first
BY_WEEKDAY = (1.05, 1.0, 0.97, 0.98, 0.92, 0.84, 1.22)
BY_MONTH = (0.92, 0.88, 0.96, 1.0, 1.03, 0.95, 0.84, 0.82, 0.98, 1.06, 1.3, 1.45)
BY_HOUR = (3, 2, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 14, 13, 12, 12, 13, 15, 18, 21, 20, 15, 9, 5)


class SeedRefused(Exception):
    """What was asked for makes no shop. The text names the option and the way out."""


class History:
    """Everything random in a seeded shop comes from `dice`, so the same seed and the same end give the same shop."""

    def __init__(self, until: datetime, seed: int) -> None:
        self.until, self.seed = until, seed
        self.begin = until - YEARS_TRADED
        self.opening = self.begin - HEADSTART
        self._hours = list(accumulate(self._weights()))

    def dice(self, *what: object) -> Random:
        """The same for the same thing, whatever else is seeded."""
        return Random(f"{self.seed} {' '.join(map(str, what))}")  # noqa: S311

    def moment(self, share: float) -> datetime:
        """When this share (0 to 1) of all orders had been placed. To the second, and before `until`."""
        target = share * self._hours[-1]
        hour = min(bisect(self._hours, target), len(self._hours) - 1)
        before = self._hours[hour - 1] if hour else 0.0
        part = (target - before) / (self._hours[hour] - before)
        return self.begin + hour * HOUR + timedelta(seconds=min(int(part * 3600), 3599))

    def between(self, dice: Random, start: datetime, end: datetime | None = None) -> datetime:
        """Any second from `start` on and before `end` (`until`)."""
        seconds = int(((end or self.until) - start).total_seconds())
        return start + timedelta(seconds=dice.randrange(max(seconds, 1)))

    def _weights(self) -> list[float]:
        days = YEARS_TRADED // DAY
        by_hour = [BY_HOUR[(self.begin + hour * HOUR).hour] for hour in range(24)]
        by_day = (self._of_day(self.begin + day * DAY, day / days) for day in range(days))
        return [day * hour for day in by_day for hour in by_hour]

    def _of_day(self, moment: datetime, elapsed: float) -> float:
        rush = 1.6 if (moment.month, moment.day) >= (11, 23) and moment.month == 11 else 1.0
        after_christmas = 0.45 if (moment.month, moment.day) >= (12, 21) else 1.0
        luck = self.dice("day", moment.date()).uniform(0.85, 1.15)
        weight = BY_WEEKDAY[moment.weekday()] * BY_MONTH[moment.month - 1]
        return (1 + GROWTH * elapsed) * weight * rush * after_christmas * luck


def spread(dice: Random, shortest: float, longest: float) -> timedelta:
    """Hours, to the second; short ones are likelier."""
    return timedelta(seconds=int(3600 * dice.triangular(shortest, longest, shortest + (longest - shortest) / 4)))
