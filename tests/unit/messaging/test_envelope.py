"""The envelope: CloudEvents 1.0, the same bytes there and back, clear words for whatever does not fit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from strangler.errors import InvalidEnvelope, InvalidEvent, InvalidEventDefinition, MissingUpcaster
from strangler.messaging import (
    Event,
    current,
    decode,
    encode,
    open_as,
    seal,
    upcaster,
    working_for_message,
    working_for_request,
)
from strangler.messaging.sealing import Sealer, wire_time

REQUIRED_BY_CLOUDEVENTS = {"specversion", "id", "source", "type"}


class ParcelWeighed(Event, type="parcels.parcel_weighed", version=2, aggregate="parcel", key="parcel"):
    parcel: str
    grams: int
    price: Decimal
    note: str | None = None


text = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    parcel=text, grams=st.integers(), price=st.decimals(allow_nan=False, allow_infinity=False), note=st.none() | text
)
def test_an_event_survives_the_round_trip(parcel: str, grams: int, price: Decimal, note: str | None) -> None:
    event = ParcelWeighed(parcel=parcel, grams=grams, price=price, note=note)
    wire = Sealer("tests").seal(event).text
    assert encode(decode(wire)) == wire
    assert open_as(decode(wire.encode()), ParcelWeighed) == event


@given(stages=text, backfill=text)
def test_an_event_told_to_one_group_survives_the_round_trip_too(stages: str, backfill: str) -> None:
    wire = Sealer("tests", stages, backfill=backfill).seal(_weighed()).text
    envelope = decode(wire)
    assert encode(envelope) == wire
    assert (envelope.stages, envelope.backfill) == (stages or None, backfill or None)


def test_what_is_told_to_one_group_is_routed_to_it_alone() -> None:
    live, again = (decode(Sealer("tests", backfill=group).seal(_weighed()).text) for group in (None, "labels"))
    assert live.routing_key == live.event_type == again.event_type == "parcels.parcel_weighed"
    assert again.routing_key == "parcels.parcel_weighed.backfill.labels"
    assert "backfill" not in encode(live)


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_times_are_written_as_they_are_read(moment: datetime) -> None:
    assert TypeAdapter(datetime).dump_json(moment).decode() == f'"{wire_time(moment)}"'


@given(correlation=text, source=text.filter(bool), stages=text)
def test_whatever_the_work_is_called_is_written_as_json(correlation: str, source: str, stages: str) -> None:
    message = seal(_weighed(), source="tests").model_copy(update={"correlationid": correlation})
    with working_for_message(message):
        envelope = seal(_weighed(), source=source, stages=stages)
    assert (envelope.correlationid, envelope.causationid) == (correlation, str(message.id))
    assert (envelope.source, envelope.stages) == (f"{source}/parcels", stages or None)


@given(
    st.binary()
    | text.map(str.encode)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | text,
        lambda inner: st.lists(inner) | st.dictionaries(text, inner),
    ).map(lambda document: json.dumps(document).encode())
)
def test_no_bytes_do_worse_than_an_invalid_envelope(body: bytes) -> None:
    with pytest.raises(InvalidEnvelope):
        decode(body)


def test_the_wire_is_a_cloudevents_document() -> None:
    document = json.loads(encode(seal(_weighed(), source="tests")))
    assert document.keys() >= REQUIRED_BY_CLOUDEVENTS
    assert document["specversion"] == "1.0"
    assert document["type"] == "parcels.parcel_weighed.v2"
    assert document["source"] == "tests/parcels"
    assert document["partitionkey"] == "parcels.parcel:P1"
    assert all(name.isalnum() and name.islower() for name in document)
    assert datetime.fromisoformat(document["time"]).tzinfo == UTC
    assert UUID(document["id"]).version == 7


def test_null_values_stay_on_the_wire() -> None:
    assert json.loads(encode(seal(_weighed(), source="tests")))["data"]["note"] is None


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        _weighed().grams = 2  # type: ignore[misc]


def test_a_request_names_everything_published_for_it() -> None:
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with working_for_request("request-7", traceparent):
        envelope = seal(_weighed(), source="tests")
    assert envelope.correlationid == "request-7"
    assert envelope.causationid is None
    assert envelope.traceparent.split("-")[1] == traceparent.split("-")[1]
    assert envelope.traceparent != traceparent


def test_a_message_causes_what_is_published_while_it_is_handled() -> None:
    with working_for_request("request-7"):
        first = seal(_weighed(), source="tests")
    with working_for_message(first):
        second = seal(_weighed(), source="tests")
    assert second.causationid == str(first.id)
    assert second.correlationid == "request-7"
    assert second.traceparent.split("-")[1] == first.traceparent.split("-")[1]
    assert current().causation_id is None


def test_an_invalid_traceparent_from_outside_is_replaced() -> None:
    with working_for_request("request-7", "rubbish"):
        assert seal(_weighed(), source="tests").traceparent.startswith("00-")


def test_a_broken_envelope_is_named_field_by_field() -> None:
    document = json.loads(encode(seal(_weighed(), source="tests")))
    document["id"] = "seven"
    del document["type"]
    with pytest.raises(InvalidEnvelope, match=r"(?s)id: .*type: Field required"):
        decode(json.dumps(document))


def test_data_that_does_not_fit_is_named_field_by_field() -> None:
    document = json.loads(encode(seal(_weighed(), source="tests")))
    document["data"]["grams"] = "heavy"
    with pytest.raises(InvalidEvent, match="grams"):
        open_as(decode(json.dumps(document)), ParcelWeighed)


def test_a_reader_needs_only_the_fields_it_declares() -> None:
    class Reader(Event, type="parcels.parcel_weighed", version=2, aggregate="parcel", key="parcel"):
        parcel: str

    assert open_as(seal(_weighed(), source="tests"), Reader).parcel == "P1"


def test_an_old_message_is_lifted_step_by_step() -> None:
    @upcaster("parcels.parcel_sent", from_version=1)
    def name_the_parcel(data: dict[str, object]) -> dict[str, object]:
        return {"parcel": data["number"]}

    class Old(Event, type="parcels.parcel_sent", version=1, key="number"):
        number: str

    class New(Event, type="parcels.parcel_sent", version=2, key="parcel"):
        parcel: str

    class Newer(Event, type="parcels.parcel_sent", version=3, key="parcel"):
        parcel: str

    old = seal(Old(number="P1"), source="tests")
    assert open_as(old, New) == New(parcel="P1")
    with pytest.raises(MissingUpcaster, match=r'v2 to v3: register one with @upcaster\("parcels.parcel_sent"'):
        open_as(old, Newer)


def test_a_message_newer_than_its_reader_is_refused() -> None:
    class Reader(Event, type="parcels.parcel_weighed", version=1, key="parcel"):
        parcel: str

    with pytest.raises(MissingUpcaster, match="newer than v1"):
        open_as(seal(_weighed(), source="tests"), Reader)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"type": "OrderPlaced", "key": "number"}, "type='OrderPlaced'"),
        ({"type": "orders.order_placed", "key": "nr"}, "key='nr' must name the field"),
        ({"type": "orders.order_placed", "key": "number", "version": 0}, "version=0"),
    ],
)
def test_a_wrong_declaration_says_what_is_wrong(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidEventDefinition, match=said):
        type("Broken", (Event,), {"__annotations__": {"number": str}, "__module__": __name__}, **arguments)


def _weighed() -> ParcelWeighed:
    return ParcelWeighed(parcel="P1", grams=1, price=Decimal("2.50"))
