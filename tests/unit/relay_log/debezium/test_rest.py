"""Kafka Connect is asked rightly, and whatever it answers is said in words with the setting at fault."""

from __future__ import annotations

import io
import socket
from base64 import b64encode
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command

from strangler.conf import CdcSettings
from strangler.errors import ConfigurationError, RelayError
from strangler.relay.debezium import rest
from strangler.relay.debezium.rest import Connect, State
from tests.unit.relay_log.debezium.connect_double import ConnectDouble, connect_double

OURS = "/connectors/strangler-outbox"
TRACE = "org.apache.kafka.connect.errors.ConnectException: no slot\n\tat io.debezium.Somewhere\n"


@pytest.fixture
def worker() -> Iterator[ConnectDouble]:
    with connect_double() as server:
        yield server


@pytest.fixture
def connect(worker: ConnectDouble) -> Connect:
    return of(f"http://{worker.address}")


def of(url: str) -> Connect:
    return Connect(CdcSettings.model_validate({"CONNECT_URL": url}))


def status(connector: str, *tasks: tuple[str, str]) -> tuple[int, object]:
    told = [{"id": number, "state": state, "trace": trace} for number, (state, trace) in enumerate(tasks)]
    return 200, {"name": "strangler-outbox", "connector": {"state": connector}, "tasks": told}


def test_a_configuration_is_put_and_it_is_told_whether_the_connector_is_new(
    worker: ConnectDouble, connect: Connect
) -> None:
    worker.answers[f"PUT {OURS}/config"] = [(201, {}), (200, {})]
    assert connect.apply({"tasks.max": "1"}) is True
    assert connect.apply({"tasks.max": "1"}) is False
    assert worker.asked[0][1] == {"name": "strangler-outbox", "tasks.max": "1"}


@pytest.mark.parametrize("refusal", [401, 403])
def test_user_and_password_of_the_url_are_sent_and_never_said(worker: ConnectDouble, refusal: int) -> None:
    connect = of(f"http://us%40er:s%2Fecret@{worker.address}/")
    worker.answers[f"PUT {OURS}/pause"] = [(202, None), (refusal, None)]
    connect.pause()
    assert worker.asked[0][2] == "Basic " + b64encode(b"us@er:s/ecret").decode()
    with pytest.raises(ConfigurationError, match=r"refuses the user or password in .*CONNECT_URL") as raised:
        connect.pause()
    assert "ecret" not in str(raised.value)


def test_while_workers_rebalance_it_asks_again(worker: ConnectDouble, connect: Connect) -> None:
    worker.answers[f"PUT {OURS}/resume"] = [
        (409, {"message": "rebalance"}),
        (409, {"message": "rebalance"}),
        (202, None),
    ]
    connect.resume()
    assert len(worker.asked) == 3


def test_a_rebalance_without_an_end_is_an_error(
    worker: ConnectDouble, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "TIMEOUT", 0.3)
    worker.answers[f"PUT {OURS}/resume"] = [(409, {"message": "a rebalance is in process"})]
    with pytest.raises(RelayError, match="409: a rebalance is in process"):
        connect.resume()


def test_a_connector_that_is_not_there_is_named_with_the_command_that_creates_it(connect: Connect) -> None:
    with pytest.raises(RelayError, match=r"CONNECT_URL.*no connector strangler-outbox.*`manage\.py debezium apply`"):
        connect.restart()


def test_what_a_worker_finds_wrong_with_a_configuration_is_passed_on(worker: ConnectDouble, connect: Connect) -> None:
    worker.answers[f"PUT {OURS}/config"] = [
        (400, {"error_code": 400, "message": "Unable to connect: Connection refused"})
    ]
    with pytest.raises(RelayError, match="said 400: Unable to connect: Connection refused"):
        connect.apply({})


def test_an_answer_without_a_message_is_passed_on(worker: ConnectDouble, connect: Connect) -> None:
    worker.answers[f"PUT {OURS}/pause"] = [(502, ["bad gateway"])]
    with pytest.raises(RelayError, match=r"502: .*bad gateway"):
        connect.pause()


def test_a_worker_that_is_away_is_named_with_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(RelayError, match=rf'{address} \(STRANGLER\["CDC"\]\["CONNECT_URL"\]\) does not answer'):
        of(f"http://{address}").states()


def test_an_ipv6_address_is_said_as_it_was_given() -> None:
    with pytest.raises(RelayError, match=r"at \[::1\]:9 "):
        of("http://[::1]:9").states()


@pytest.mark.parametrize("url", ["", "host:8083", "ftp://host", "http://", "http://user:p@ss:word/x@host:8083"])
def test_a_wrong_url_is_named_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"CONNECT_URL.* no URL of the form") as raised:
        of(url)
    assert "word" not in str(raised.value).replace("password", "")


def test_the_state_of_what_failed_comes_with_the_first_line_of_its_trace(
    worker: ConnectDouble, connect: Connect
) -> None:
    worker.answers[f"GET {OURS}/status"] = [status("RUNNING", ("FAILED", TRACE))]
    reason = "org.apache.kafka.connect.errors.ConnectException: no slot"
    assert connect.states() == [State("connector", "RUNNING"), State("task 0", "FAILED", reason)]


def test_its_offsets_are_deleted_once_it_has_stopped(worker: ConnectDouble, connect: Connect) -> None:
    worker.answers |= {
        f"GET {OURS}": [(200, {})],
        f"PUT {OURS}/stop": [(204, None)],
        f"GET {OURS}/status": [status("RUNNING", ("RUNNING", "")), status("STOPPED")],
        f"DELETE {OURS}/offsets": [(200, {"message": "deleted"})],
    }
    connect.stop_and_forget({})
    status_call = f"GET {OURS}/status"
    assert worker.calls == [f"GET {OURS}", f"PUT {OURS}/stop", status_call, status_call, f"DELETE {OURS}/offsets"]


def test_a_connector_that_does_not_stop_is_an_error(
    worker: ConnectDouble, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "TIMEOUT", 0.3)
    worker.answers |= {
        f"GET {OURS}": [(200, {})],
        f"PUT {OURS}/stop": [(204, None)],
        f"GET {OURS}/status": [status("RUNNING", ("RUNNING", ""))],
    }
    with pytest.raises(RelayError, match=r"connector strangler-outbox at .* did not stop within 0\.3 s"):
        connect.stop_and_forget({})


def test_offsets_outlive_a_deleted_connector_so_it_is_created_stopped_to_delete_them(
    worker: ConnectDouble, connect: Connect
) -> None:
    worker.answers |= {
        "POST /connectors": [(201, {})],
        f"GET {OURS}/status": [status("STOPPED")],
        f"DELETE {OURS}/offsets": [(200, {})],
    }
    connect.stop_and_forget({"tasks.max": "1"})
    ((_, body, _),) = [each for each in worker.asked if each[0] == "POST /connectors"]
    assert (body["initial_state"], body["config"]["tasks.max"]) == ("STOPPED", "1")


class TestTheCommand:
    @pytest.fixture(autouse=True)
    def _configured(self, worker: ConnectDouble, settings: object) -> None:
        settings.STRANGLER = {  # type: ignore[attr-defined]
            **settings.STRANGLER,  # type: ignore[attr-defined]
            "CDC": {"CONNECT_URL": f"http://{worker.address}"},
        }

    def run(self, *arguments: str) -> str:
        output = io.StringIO()
        call_command("debezium", *arguments, stdout=output)
        return output.getvalue()

    def test_status_is_silent_about_nothing_and_succeeds_while_all_runs(self, worker: ConnectDouble) -> None:
        worker.answers[f"GET {OURS}/status"] = [status("RUNNING", ("RUNNING", ""))]
        assert self.run("status") == "connector: RUNNING\ntask 0: RUNNING\n"

    @pytest.mark.parametrize(
        "answer",
        [status("RUNNING", ("FAILED", TRACE)), status("PAUSED", ("PAUSED", "")), status("RUNNING")],
        ids=["a failed task", "paused", "no task"],
    )
    def test_status_fails_when_something_does_not_run(self, worker: ConnectDouble, answer: tuple[int, object]) -> None:
        worker.answers[f"GET {OURS}/status"] = [answer]
        with pytest.raises(CommandError, match="does not run") as raised:
            self.run("status")
        assert raised.value.returncode == 1

    @pytest.mark.parametrize(
        ("action", "call"),
        [
            ("pause", f"PUT {OURS}/pause"),
            ("resume", f"PUT {OURS}/resume"),
            ("restart", f"POST {OURS}/restart?includeTasks=true"),
        ],
    )
    def test_the_other_actions_ask_for_what_they_are_called(
        self, worker: ConnectDouble, action: str, call: str
    ) -> None:
        worker.answers[call] = [(202, None)]
        assert "strangler-outbox" in self.run(action)
        assert worker.calls == [call]
