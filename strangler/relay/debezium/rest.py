"""Kafka Connect's REST API, as far as one connector needs it.

<https://kafka.apache.org/documentation/#connect_rest>
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import httpx

from strangler.conf import CdcSettings
from strangler.errors import ConfigurationError, RelayError
from strangler.relay.debezium.config import Properties

SETTING = 'STRANGLER["CDC"]["CONNECT_URL"]'
TIMEOUT = 30.0
"""Seconds. A worker that validates a connector's configuration opens the database."""
_AGAIN_SECONDS = 0.2
_CREATED = "create it with `manage.py debezium apply`"


class State(NamedTuple):
    """`reason`: the first line of the trace of what failed."""

    what: str
    state: str
    reason: str = ""


class Connect:
    """One connector. Everything raises `RelayError` naming `CONNECT_URL` and what its worker said.

    Raises `ConfigurationError` when `CONNECT_URL` is no HTTP URL.
    """

    def __init__(self, cdc: CdcSettings) -> None:
        self._name = cdc.connector
        self._path = f"/connectors/{cdc.connector}"
        base, auth, self._address = _parsed(cdc.connect_url)
        self._client = httpx.Client(base_url=base, auth=auth, timeout=TIMEOUT)

    def apply(self, config: Properties) -> bool:
        """Create the connector or change its configuration; True when it was created."""
        answer = self._ask("PUT", f"{self._path}/config", json={"name": self._name, **config})
        return answer.status_code == httpx.codes.CREATED

    def states(self) -> list[State]:
        """Of the connector and then of its tasks."""
        status = self._ask("GET", f"{self._path}/status").json()
        told = [("connector", status["connector"]), *((f"task {task['id']}", task) for task in status["tasks"])]
        return [State(what, each["state"], (each.get("trace") or "").partition("\n")[0]) for what, each in told]

    def exists(self) -> bool:
        return self._request("GET", self._path).status_code != httpx.codes.NOT_FOUND

    def pause(self) -> None:
        self._ask("PUT", f"{self._path}/pause")

    def resume(self) -> None:
        self._ask("PUT", f"{self._path}/resume")

    def restart(self) -> None:
        """The connector and every task, failed or not."""
        self._ask("POST", f"{self._path}/restart", params={"includeTasks": "true"})

    def stop_and_forget(self, config: Properties) -> None:
        """Stop the connector, creating it stopped where there is none, and delete its offsets, which outlive it."""
        if self.exists():
            self._ask("PUT", f"{self._path}/stop")
        else:
            body = {"name": self._name, "config": {"name": self._name, **config}, "initial_state": "STOPPED"}
            self._ask("POST", "/connectors", json=body)
        self._wait(lambda: [each.state for each in self.states()] == ["STOPPED"], "stop")
        self._ask("DELETE", f"{self._path}/offsets")

    def _ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        answer = self._request(method, path, **arguments)
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise RelayError(f"Kafka Connect at {self._address} ({SETTING}) has no connector {self._name}: {_CREATED}")
        if answer.is_error:
            raise RelayError(f"Kafka Connect at {self._address} ({SETTING}) said {_said(answer)}")
        return answer

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Asks again while the workers rebalance, when they refuse everything with 409."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                answer = self._client.request(method, path, **arguments)
            except httpx.HTTPError as error:
                reason = str(error) or type(error).__name__
                raise RelayError(f"Kafka Connect at {self._address} ({SETTING}) does not answer: {reason}") from error
            if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
                raise ConfigurationError(f"Kafka Connect at {self._address} refuses the user or password in {SETTING}")
            if answer.status_code != httpx.codes.CONFLICT or time.monotonic() > deadline:
                return answer
            time.sleep(_AGAIN_SECONDS)

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not done():
            if time.monotonic() > deadline:
                raise RelayError(f"connector {self._name} at {self._address} did not {what} within {TIMEOUT:g} s")
            time.sleep(_AGAIN_SECONDS)


def _parsed(url: str) -> tuple[str, tuple[str, str] | None, str]:
    """The URL without credentials, the credentials, and the address to show."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise ConfigurationError(f"{SETTING} is {_FORM}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError(f"{SETTING} is {_FORM}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    address = f"{host}{port}{parts.path.rstrip('/')}"
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return f"{parts.scheme}://{address}", auth, address


def _said(answer: httpx.Response) -> str:
    try:
        message = str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        message = answer.text[:500]
    return f"{answer.status_code}: {message.strip()}"


_FORM = "no URL of the form http://user:password@host:8083 (percent-encode special characters in user and password)"
