"""A lasting slot and the events it does not have: both or neither."""

from __future__ import annotations

import io
import threading
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from strangler.brokers import Broker, connect
from strangler.conf import CdcSettings
from strangler.errors import RelayError
from strangler.messaging import decode
from strangler.outbox import publish
from strangler.outbox.models import OutboxMessage
from strangler.relay.debezium import handover
from strangler.relay.debezium.handover import Carrier, make_slot_and_carry
from strangler.relay.log.setup import prepare
from strangler.relay.log.slot import is_missing
from strangler.relay.log.source import Source, source_of
from tests.sample.events import StepIgnored, StepTaken
from tests.unit.relay_log.debezium.connect_double import connect_double

TAKEN, IGNORED = "sample.step_taken", "sample.step_ignored"
OURS = "/connectors/strangler-outbox"


@pytest.fixture
def source(superuser: psycopg.Connection, cdc: CdcSettings) -> Source:
    superuser.execute(f"CREATE ROLE {cdc.slot} LOGIN REPLICATION PASSWORD 'secret'")
    prepare(connection, cdc)
    return source_of(cdc)


@pytest.fixture
def url() -> str:
    url = f"memory://{uuid.uuid4()}"
    connect(url).declare("g", [TAKEN])
    return url


@pytest.fixture
def broker(url: str) -> Broker:
    return connect(url)


@pytest.fixture
def configured(url: str, source: Source, cdc: CdcSettings, settings: object) -> None:
    values = {name.upper(): value for name, value in cdc.model_dump().items()}
    settings.STRANGLER = {  # type: ignore[attr-defined]
        **settings.STRANGLER,  # type: ignore[attr-defined]
        "RELAY": "server",
        "BROKER_URL": url,
        "CDC": values,
    }


@pytest.fixture
def polling_relay() -> Iterator[None]:
    """Its lock, held by another session."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as session:
        session.execute("SELECT pg_advisory_lock_shared(%s)", [0x7374_7261_6E67_6C65])
        yield


def carrier(broker: Broker) -> Carrier:
    return Carrier(broker, using="default", batch_size=3, backoff_max=60)


def happened(*steps: int) -> None:
    with transaction.atomic():
        for step in steps:
            publish(StepTaken(thing="a", step=step))


def received(broker: Broker) -> list[int]:
    with broker.subscriber("g", [TAKEN], prefetch=100) as queue:
        return [decode(delivery.body).data["step"] for delivery in queue.receive(timeout=0.2)]


def test_what_is_pending_is_carried_in_order_once_the_slot_is_made(
    cdc: CdcSettings, source: Source, broker: Broker
) -> None:
    happened(*range(10))
    assert make_slot_and_carry(cdc.slot, source, carrier(broker)) == 10
    assert received(broker) == list(range(10))
    assert not is_missing(cdc.slot, source)


def test_a_refused_event_takes_the_slot_back_and_names_the_refusal(
    cdc: CdcSettings, source: Source, broker: Broker
) -> None:
    """Debezium would carry the later events of its key first."""
    with transaction.atomic():
        publish(StepIgnored(thing="a", step=0))
    with pytest.raises(
        RelayError, match=rf"refuses 1 pending events, the first of them {IGNORED} .*then run this again"
    ):
        make_slot_and_carry(cdc.slot, source, carrier(broker))
    assert is_missing(cdc.slot, source)
    broker.declare("g", [TAKEN, IGNORED])
    assert make_slot_and_carry(cdc.slot, source, carrier(broker)) == 1


def test_while_a_relay_runs_no_slot_is_made(
    cdc: CdcSettings,
    source: Source,
    broker: Broker,
    polling_relay: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handover, "_LOCK_SECONDS", 0.3)
    with pytest.raises(RelayError, match=r"stop `manage\.py relay` first"):
        make_slot_and_carry(cdc.slot, source, carrier(broker))
    assert is_missing(cdc.slot, source)


def test_an_event_that_commits_while_the_slot_is_made_is_in_one_of_the_two(
    superuser: psycopg.Connection, cdc: CdcSettings, source: Source, broker: Broker
) -> None:
    """Making a slot waits for the transaction, and what it waited for is visible then."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_current_xact_id()")
        other.execute(
            "INSERT INTO strangler_outbox "
            "(id, aggregate_type, aggregate_id, type, routing_key, correlation_id, payload) "
            "VALUES (gen_random_uuid(), 'sample', 'a', 't', 'sample.step_taken', '', '{}')"
        )
        threading.Timer(0.3, other.commit).start()
        assert make_slot_and_carry(cdc.slot, source, carrier(broker)) == 1


@pytest.mark.usefixtures("configured")
class TestTheCommands:
    def test_cdc_setup_makes_the_slot_once_and_carries_what_it_lacks(self, broker: Broker) -> None:
        happened(0, 1)
        first, second = io.StringIO(), io.StringIO()
        call_command("cdc_setup", stdout=first)
        call_command("cdc_setup", stdout=second)
        assert "2 pending events carried" in first.getvalue()
        assert second.getvalue() == "everything was there already\n"
        assert received(broker) == [0, 1]

    def test_cdc_setup_makes_no_slot_for_the_embedded_relay(
        self, cdc: CdcSettings, source: Source, settings: object
    ) -> None:
        settings.STRANGLER = {**settings.STRANGLER, "RELAY": "debezium"}  # type: ignore[attr-defined]
        call_command("cdc_setup", stdout=io.StringIO())
        assert is_missing(cdc.slot, source)

    def test_recover_makes_a_missing_slot_and_carries_what_it_lacks(
        self, cdc: CdcSettings, source: Source, broker: Broker
    ) -> None:
        happened(0, 1)
        output = io.StringIO()
        call_command("cdc_doctor", "--recover", stdout=output)
        assert "made anew; 2 pending events carried" in output.getvalue()
        assert "delete the server's offsets" in output.getvalue()
        assert received(broker) == [0, 1]
        assert not is_missing(cdc.slot, source)
        assert OutboxMessage.objects.filter(relayed_at=None).count() == 0

    def test_recover_stops_the_connector_before_and_resumes_it_after(
        self, cdc: CdcSettings, source: Source, broker: Broker, settings: object
    ) -> None:
        happened(0)
        with connect_double() as worker:
            strangler = settings.STRANGLER  # type: ignore[attr-defined]
            worker.answers |= {
                f"GET {OURS}": [(200, {})],
                f"PUT {OURS}/stop": [(204, None)],
                f"GET {OURS}/status": [(200, {"connector": {"state": "STOPPED"}, "tasks": []})],
                f"DELETE {OURS}/offsets": [(200, {})],
                f"PUT {OURS}/resume": [(202, None)],
            }
            settings.STRANGLER = {  # type: ignore[attr-defined]
                **strangler,
                "RELAY": "connect",
                "CDC": {**strangler["CDC"], "CONNECT_URL": f"http://{worker.address}"},
            }
            call_command("cdc_doctor", "--recover", stdout=io.StringIO())
            changes = [call for call in worker.calls if not call.startswith("GET")]
        assert changes == [f"PUT {OURS}/stop", f"DELETE {OURS}/offsets", f"PUT {OURS}/resume"]
        assert received(broker) == [0]

    def test_a_connector_that_cannot_be_stopped_leaves_everything_as_it_was(
        self, cdc: CdcSettings, source: Source, settings: object
    ) -> None:
        happened(0)
        strangler = settings.STRANGLER  # type: ignore[attr-defined]
        with connect_double() as worker:
            worker.answers = {f"GET {OURS}": [(200, {})], f"PUT {OURS}/stop": [(500, {"message": "no"})]}
            settings.STRANGLER = {  # type: ignore[attr-defined]
                **strangler,
                "RELAY": "connect",
                "CDC": {**strangler["CDC"], "CONNECT_URL": f"http://{worker.address}"},
            }
            with pytest.raises(CommandError, match="said 500: no"):
                call_command("cdc_doctor", "--recover", stdout=io.StringIO())
        assert is_missing(cdc.slot, source)
        assert OutboxMessage.objects.filter(relayed_at=None).count() == 1

    def test_recover_is_not_for_the_embedded_relay(self, settings: object) -> None:
        settings.STRANGLER = {**settings.STRANGLER, "RELAY": "debezium"}  # type: ignore[attr-defined]
        with pytest.raises(CommandError, match="makes its own slot at every start"):
            call_command("cdc_doctor", "--recover", stdout=io.StringIO())

    def test_apply_wants_the_slot_first(self, settings: object) -> None:
        strangler = settings.STRANGLER  # type: ignore[attr-defined]
        settings.STRANGLER = {**strangler, "RELAY": "connect"}  # type: ignore[attr-defined]
        with pytest.raises(CommandError, match=r"no slot .*`manage\.py cdc_setup` makes it"):
            call_command("debezium", "apply", stdout=io.StringIO())
