"""What the service reads and publishes, against the classes of the other publisher of the context, the monolith."""

import pytest

from extracted.inventory import events
from monolith.inventory import events as owner
from strangler.messaging import Event
from tests.unit.extracted.inventory.factories import AT, changed, handed_over, recalled, requested, told

MOVED = {"sku": "MUG", "warehouse": "NEAR", "quantity": 1, "on_hand": 1, "reserved": 0, "movement": 7, "moved_at": AT}
LEVEL = {name: value for name, value in MOVED.items() if not name.startswith("move")}
ASKED = requested("reserve", "S-1", skus={"MUG": 1})
ANSWER = {"change": ASKED.change, "kind": "reserve", "reference": "S-1", "lines": ASKED.lines}
TOLD = [
    events.StockReserved(**LEVEL, reference="S-1", expires_at=None),
    events.StockReleased(**LEVEL, reference="S-1", expired=True),
    events.StockShipped(**MOVED, reference="S-1"),
    events.StockReturned(**MOVED, reference="S-1"),
    events.StockAdjusted(**MOVED, reason="counted"),
    events.StockDispatched(**MOVED, transfer="T-1", destination="FAR"),
    events.StockReceived(**MOVED, transfer="T-1", source="FAR"),
    told(),
    changed("NEAR", 2),
    handed_over(),
    recalled(),
    ASKED,
    events.StockChangeDone(**ANSWER),
    events.StockChangeRejected(**ANSWER, reason="Not enough"),
    events.StockChangeRedirected(**ANSWER),
]
each_event = pytest.mark.parametrize("event", TOLD, ids=[type(event).__name__ for event in TOLD])


def owners(event: Event) -> type[Event]:
    """The class of the same name in the monolith; those of the protocol come with its side of it."""
    found = getattr(owner, type(event).__name__, None)
    return found or pytest.skip(f"the monolith declares no {type(event).__name__} yet")


@each_event
def test_both_publishers_name_it_alike(event):
    names = ("event_type", "version", "owner", "aggregate_type", "key_field", "kind")
    assert [getattr(type(event), name) for name in names] == [getattr(owners(event), name) for name in names]


@each_event
def test_what_one_tells_the_other_reads_without_a_loss(event):
    """In both directions: the service publishes the owner's events, so it may lack none of their fields."""
    document = event.model_dump(mode="json")
    read = owners(event).model_validate(document)
    assert read.model_dump(mode="json") == document
    assert set(type(event).model_fields) == set(owners(event).model_fields)


def test_every_event_of_the_service_is_held_to_this():
    declared = {
        each for each in vars(events).values() if isinstance(each, type) and issubclass(each, Event) and each.event_type
    }
    assert declared - {Event} == {type(event) for event in TOLD}
