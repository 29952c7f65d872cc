"""What a change breaks, and whom. Modes are those of schema registries, asked of what the kit does with an event:

*Forward*: who reads what was published before can read what is published now (so the publisher may be deployed first).
*Backward*: who reads what is published now can read what was written before (so consumers may be deployed first, and a
log replayed). *Full* is both. A version that is published stays what it is: it changes only where no reader can notice.
Whatever else has to change takes a new version, and that breaks those who read none so new (their messages are parked),
or who cannot lift the older ones. The transitive modes ask this of all versions instead of the last.
<https://docs.confluent.io/platform/current/schema-registry/fundamentals/schema-evolution.html>
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from strangler.contracts.language import Language, Need, Published
from strangler.messaging.compatibility import Obstacle, obstacles


class Direction(StrEnum):
    FORWARD = "forward"
    BACKWARD = "backward"


class Mode(StrEnum):
    BACKWARD = "backward"
    FORWARD = "forward"
    FULL = "full"
    BACKWARD_TRANSITIVE = "backward-transitive"
    FORWARD_TRANSITIVE = "forward-transitive"
    FULL_TRANSITIVE = "full-transitive"

    def asks(self, direction: Direction) -> bool:
        return self.value.startswith((direction.value, "full"))

    @property
    def transitive(self) -> bool:
        return self.value.endswith("-transitive")


@dataclass(frozen=True, slots=True)
class Break:
    """`field` is empty for the event as a whole. `consumers` are those that are known and notice."""

    event: str
    field: str
    what: str
    direction: Direction
    consumers: tuple[Need, ...] = ()

    def __str__(self) -> str:
        return f"{self.field}: {self.what}" if self.field else self.what


def breaks(now: Language, before: Language, mode: Mode, types: Iterable[str]) -> list[Break]:
    """Of the event types `types`, by the needs that `now` knows."""
    return [each for name in types for each in _of_type(name, now, before, mode) if mode.asks(each.direction)]


def unmet(need: Need, published: Sequence[Published], mode: Mode = Mode.FORWARD) -> list[Break]:
    """What `need` misses in the versions of its event, the oldest first; `retired` ones matter for a log alone."""
    current = [event for event in published if not event.retired]
    found = [] if current else [Break(need.wire_type, "", "nobody publishes it", Direction.FORWARD, (need,))]
    found += [_too_new(event, [need]) for event in current[-1:] if event.version > need.version]
    found += [
        _break(event, obstacle, Direction.FORWARD, [need])
        for event in current
        if event.version == need.version
        for obstacle in obstacles(event.schema, need.schema)
    ]
    older = published if mode.transitive and mode.asks(Direction.BACKWARD) else current
    return found + [_not_lifted(event, [need]) for event in older if event.version < need.oldest]


def _of_type(name: str, now: Language, before: Language, mode: Mode) -> Iterator[Break]:
    current = [event for event in now.versions(name) if not event.retired]
    past, needs = before.versions(name), now.needs_of(name)
    if not current:
        if past and not past[-1].retired and needs:
            yield Break(past[-1].wire_type, "", "nobody publishes it any more", Direction.FORWARD, tuple(needs))
        return
    for event in current:
        if (same := before.of(event.wire_type)) is not None:
            yield from _in_place(event, same, [need for need in needs if need.version == event.version])
    yield from _left_behind(current[-1], past, needs, mode)
    yield from _not_liftable(current[-1], past, needs, mode)
    for event in past:
        if now.of(event.wire_type) is None:
            yield Break(event.wire_type, "", "its schema is gone, and logs may still hold it", Direction.BACKWARD)


def _in_place(now: Published, before: Published, readers: list[Need]) -> Iterator[Break]:
    """The same version, changed."""
    yield from _between(now, before, readers, Direction.FORWARD)
    yield from _between(before, now, readers, Direction.BACKWARD)
    for what, is_now, was in (("key", now.key, before.key), ("topic", now.topic, before.topic)):
        if was and is_now != was:
            told = f"its {what} was {was} and is {is_now}: the order of its messages is another"
            yield Break(now.wire_type, "", told, Direction.FORWARD, tuple(readers))


def _between(written: Published, read: Published, readers: list[Need], direction: Direction) -> Iterator[Break]:
    """What is written as one side has it, read as the other has it; then what only a consumer minds."""
    general = obstacles(written.schema, read.schema)
    minded = {need: _minded(need, written, read) for need in readers}
    for obstacle in general:
        hit = [need for need, found in minded.items() if any(_near(each, obstacle) for each in found)]
        yield _break(written, obstacle, direction, hit)
    others = dict.fromkeys(each for found in minded.values() for each in found)
    for obstacle in others:
        if not any(_near(obstacle, known) for known in general):
            hit = [need for need, found in minded.items() if obstacle in found]
            yield _break(written, obstacle, direction, hit)


def _minded(need: Need, written: Published, read: Published) -> list[Obstacle]:
    """What stands in the consumer's way on one side, and not on the other: it is the change that does it."""
    known = obstacles(read.schema, need.schema)
    return [obstacle for obstacle in obstacles(written.schema, need.schema) if obstacle not in known]


def _near(one: Obstacle, other: Obstacle) -> bool:
    """At one place, or one of them inside the other."""
    short, long = sorted((one.place, other.place), key=len)
    return not short or long == short or long.startswith((f"{short}.", f"{short}["))


def _left_behind(newest: Published, past: list[Published], needs: list[Need], mode: Mode) -> Iterator[Break]:
    """By the last step, unless the mode is transitive: then by any."""
    last = past[-1].version if past else newest.version
    behind = [need for need in needs if need.version < newest.version]
    if not mode.transitive:
        behind = [need for need in behind if last <= need.version]
    yield from (_too_new(newest, readers) for readers in _by_version(behind))
    for obstacle, readers in _at_once((need, obstacles(newest.schema, need.schema)) for need in behind):
        yield _break(newest, obstacle, Direction.FORWARD, readers)


def _not_liftable(newest: Published, past: list[Published], needs: list[Need], mode: Mode) -> Iterator[Break]:
    """Into a version that is new, unless the mode is transitive: then into any that is read."""
    older = [event for event in past if event.version < newest.version]
    if not mode.transitive:
        older = older[-1:] if past[-1:] == older[-1:] else []
    for event in older:
        lost = [need for need in needs if event.version < need.oldest]
        yield from (_not_lifted(event, readers) for readers in _by_version(lost))


def _too_new(event: Published, readers: Sequence[Need]) -> Break:
    told = f"is newer than v{readers[0].version}, which is read: it will be parked until a reader of it is deployed"
    return Break(event.wire_type, "", told, Direction.FORWARD, tuple(readers))


def _not_lifted(event: Published, readers: Sequence[Need]) -> Break:
    told = f"no upcaster lifts it to v{readers[0].version}, which is read"
    return Break(event.wire_type, "", told, Direction.BACKWARD, tuple(readers))


def _break(event: Published, obstacle: Obstacle, direction: Direction, readers: Sequence[Need]) -> Break:
    return Break(event.wire_type, obstacle.place, obstacle.what, direction, tuple(readers))


def _by_version(needs: list[Need]) -> list[list[Need]]:
    return [[need for need in needs if need.version == version] for version in sorted({need.version for need in needs})]


def _at_once(found: Iterable[tuple[Need, list[Obstacle]]]) -> list[tuple[Obstacle, list[Need]]]:
    readers: dict[Obstacle, list[Need]] = {}
    for need, each in found:
        for obstacle in each:
            readers.setdefault(obstacle, []).append(need)
    return list(readers.items())
