"""One event in three versions, as a producer of each would tell it, and a reader of each with its upcasters.

v1 has a name, v2 two of them, v3 a person: nothing of one fits the next.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from strangler.inbox.subscriptions import Subscription
from strangler.messaging import Event, upcasters
from tests.sample.models import Effect

GREETED = "versions.greeted"


class GreetedV1(Event, type=GREETED, version=1, key="thing"):
    thing: str
    name: str


class GreetedV2(Event, type=GREETED, version=2, key="thing"):
    thing: str
    first: str
    last: str


class Person(BaseModel):
    names: tuple[str, str]


class GreetedV3(Event, type=GREETED, version=3, key="thing"):
    thing: str
    person: Person


READERS: dict[int, type[Event]] = {1: GreetedV1, 2: GreetedV2, 3: GreetedV3}


def told(version: int, thing: str, first: str = "Grace", last: str = "Hopper") -> Event:
    if version == 1:
        return GreetedV1(thing=thing, name=f"{first} {last}")
    if version == 2:
        return GreetedV2(thing=thing, first=first, last=last)
    return GreetedV3(thing=thing, person=Person(names=(first, last)))


def one_name_is_two(data: dict[str, Any]) -> dict[str, Any]:
    first, _, last = data["name"].partition(" ")
    return {"thing": data["thing"], "first": first, "last": last}


def two_names_are_a_person(data: dict[str, Any]) -> dict[str, Any]:
    return {"thing": data["thing"], "person": {"names": [data["first"], data["last"]]}}


LIFTS = {1: one_name_is_two, 2: two_names_are_a_person}


def deploy(version: int) -> Subscription:
    """A consumer that reads this version: its class, and the upcasters from every older one."""
    upcasters._upcasters.clear()
    for step in range(1, version):
        upcasters.upcaster(GREETED, from_version=step)(LIFTS[step])
    return Subscription("sample", READERS[version], note)


def note(event: Any) -> None:
    """Whatever version it was told in, the effect is the same."""
    if isinstance(event, GreetedV1):
        first, _, last = event.name.partition(" ")
    else:
        first, last = event.person.names if isinstance(event, GreetedV3) else (event.first, event.last)
    Effect.objects.create(consumer_group=f"{first}|{last}", thing=event.thing, step=READERS_OF[type(event)])


READERS_OF = {event: version for version, event in READERS.items()}
