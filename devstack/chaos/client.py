"""The shop's API as one user sees it on a bad day: what broke is asked again, until there is an answer."""

import time
from typing import Any, NamedTuple

import httpx

from devstack.shop.errors import CannotGoOn

TIMEOUT_SECONDS = 6.0
PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 0.25


class Answer(NamedTuple):
    """`doubts`: attempts before this one that may have been carried out, or may be yet."""

    status: int
    body: Any
    doubts: int

    @property
    def code(self) -> str:
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


class Client:
    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/api/", timeout=TIMEOUT_SECONDS, trust_env=False)

    def log_in_with(self, token: str) -> None:
        self._http.headers["Authorization"] = f"Token {token}"

    def ask(
        self, method: str, path: str, expected: tuple[int, ...], body: dict[str, Any] | None = None, write: str = ""
    ) -> Answer:
        """`write` goes along as correlation id and idempotency key, the same with every attempt.

        A server error says nothing about whether the transaction was committed: it counts as no answer. Raises
        CannotGoOn for an answer that is not expected, and when there is none for too long.
        """
        headers = {"X-Correlation-ID": write, "Idempotency-Key": write} if write else {}
        doubts, deadline, last = 0, time.monotonic() + PATIENCE_SECONDS, ""
        while time.monotonic() < deadline:
            try:
                answer = self._http.request(method, path, json=body, headers=headers)
            except httpx.HTTPError as error:
                last = repr(error)
            else:
                last = f"{answer.status_code} {answer.text[:300]}"
                if answer.status_code in expected:
                    return Answer(answer.status_code, answer.json() if answer.content else {}, doubts)
                if answer.status_code < 500:
                    raise CannotGoOn(f"{method} /api/{path} answered {last} instead of {expected}")
            doubts += 1
            time.sleep(PAUSE_SECONDS)
        raise CannotGoOn(f"{method} /api/{path}: no answer in {PATIENCE_SECONDS:g} s, the last attempt: {last}")

    def close(self) -> None:
        self._http.close()
