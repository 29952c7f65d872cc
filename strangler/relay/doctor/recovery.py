"""A slot that is lost or missing is made anew, and whatever may not have been carried is carried from the outbox.

Some of it is carried twice, which inboxes drop; nothing is skipped, and no event overtakes an earlier one of its key,
because Debezium reads the new slot only after that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from strangler.errors import RelayError
from strangler.relay.debezium import hosts
from strangler.relay.debezium.handover import Carrier, make_slot_and_carry
from strangler.relay.debezium.rest import Connect
from strangler.relay.doctor.examination import Patient
from strangler.relay.doctor.finding import Finding
from strangler.relay.log import preconditions, slot


def recover(patient: Patient, found: Sequence[Finding], carrier: Carrier, *, exchange: str) -> Iterator[str]:
    """Yields what was done. May be run again wherever it stopped.

    Raises `RelayError` when nothing is to be recovered, while a relay runs, when Connect fails, or when the broker
    refuses an event.
    """
    if patient.relay not in {"server", "connect"}:
        raise RelayError('STRANGLER["RELAY"] is not "server" or "connect": the relay makes its own slot at every start')
    if not any(finding.recoverable for finding in found):
        raise RelayError(
            f"nothing to recover: slot {patient.cdc.slot} is neither missing nor lost. To have it made anew "
            f"all the same, stop Debezium and drop it: {slot.drop_text(patient.cdc.slot)}"
        )
    preconditions.require(patient.connection, patient.cdc, patient.source)
    if patient.relay == "connect":
        yield from _with_connect(patient, carrier, exchange)
    else:
        yield from _with_server(patient, carrier)


def _with_connect(patient: Patient, carrier: Carrier, exchange: str) -> Iterator[str]:
    connect = Connect(patient.cdc)
    schema = preconditions.outbox_schema(patient.connection)
    config = hosts.connect(patient.cdc, patient.source, exchange=exchange, schema=schema)
    connect.stop_and_forget(config)
    yield f"connector {patient.cdc.connector}: stopped, its offsets deleted"
    yield _carry(patient, carrier)
    connect.resume()
    yield f"connector {patient.cdc.connector}: resumed"


def _with_server(patient: Patient, carrier: Carrier) -> Iterator[str]:
    """The server's offsets belong to the position of the old slot; it is not ours to stop, nor its file to delete."""
    yield _carry(patient, carrier)
    yield "now delete the server's offsets (the file that DEBEZIUM_OFFSETS names), then start Debezium Server"


def _carry(patient: Patient, carrier: Carrier) -> str:
    carried = make_slot_and_carry(patient.cdc.slot, patient.source, carrier)
    return f"slot {patient.cdc.slot}: made anew; {carried} pending events carried"
