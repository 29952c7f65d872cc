"""The monolith's side: asks a context's service over HTTP, with the service's token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import httpx

from strangler.conf import ServiceSettings, settings
from strangler.errors import ConfigurationError, ServiceUnavailable

TIMEOUT = 60.0
"""Seconds. A checksum over a large range of a large table takes some."""


@dataclass(slots=True)
class Traffic:
    """What went over the wire: bytes of bodies, without headers."""

    requests: int = 0
    sent: int = 0
    received: int = 0


class ServiceClient:
    """Of one context's service. Raises `ConfigurationError` where `STRANGLER["SERVICES"]` does not say where it is.

    `path` leads from the service's URL to what is asked: nowhere for the kit's own questions, `../api/` for an API that
    the service has beside them. `timeout` is in seconds, for each of connecting, sending and waiting for bytes.
    """

    def __init__(self, context: str, *, path: str = "", timeout: float = TIMEOUT) -> None:
        known = settings.services.get(context, ServiceSettings())
        _require(context, "URL", known.url, "where the service includes strangler.cutover.service.urls")
        _require(context, "TOKEN", known.token, 'the value of the service\'s STRANGLER["SERVICE_TOKEN"]')
        self.traffic = Traffic()
        self._context = context
        self._url = urljoin(known.url.rstrip("/") + "/", path)
        self._client = httpx.Client(
            base_url=self._url, headers={"Authorization": f"Bearer {known.token}"}, timeout=timeout
        )

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """`parameters` of the query; a list is a parameter several times."""
        return self._ask("GET", path, params=parameters)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._ask("POST", path, json=body)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        """The answer's JSON. Raises `ServiceUnavailable`."""
        try:
            answer = self._client.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise ServiceUnavailable(f"{self._name(path)} does not answer: {error or type(error).__name__}") from error
        self.traffic.requests += 1
        self.traffic.sent += len(answer.request.content)
        self.traffic.received += answer.num_bytes_downloaded
        if answer.status_code != httpx.codes.OK:
            said = f"{self._name(path)} answers {answer.status_code}: {_start(answer)}"
            raise ServiceUnavailable(said, status=answer.status_code)
        try:
            return answer.json()
        except ValueError as error:
            said = f"{self._name(path)} answers something else than JSON: {_start(answer)}"
            raise ServiceUnavailable(said, status=answer.status_code) from error

    def _name(self, path: str) -> str:
        return f"the service of {self._context} at {self._url}{path}"


def shared_client(context: str, *, path: str = "", timeout: float = TIMEOUT) -> ServiceClient:
    """One for the process, so that connections stay open from one page to the next; threads may use it at once.

    Not for `traffic`, which they would count together. Raises `ConfigurationError` as `ServiceClient` does.
    """
    known = settings.services.get(context, ServiceSettings())
    return _shared(context, known.url, known.token, path, timeout)


@lru_cache(maxsize=32)
def _shared(context: str, _url: str, _token: str, path: str, timeout: float) -> ServiceClient:
    return ServiceClient(context, path=path, timeout=timeout)


def _require(context: str, name: str, value: str, takes: str) -> None:
    if not value:
        raise ConfigurationError(f'STRANGLER["SERVICES"]["{context}"]["{name}"] is empty: it takes {takes}')


def _start(answer: httpx.Response) -> str:
    """On one line, as a page of HTML is not."""
    return " ".join(answer.text.split())[:300]
