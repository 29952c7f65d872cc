"""The shop's API as somebody uses it who knows that a request may get no answer, and asks again."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from devstack.shop.errors import CannotGoOn

TIMEOUT_SECONDS = 60.0
PATIENCE_SECONDS = 90.0
"""How long a shop that was killed may need to be back."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`again`: it was asked more than once, because the first time nobody answered."""

    status: int
    body: Any
    again: bool

    @property
    def code(self) -> str:
        """Of the problem, where it is one."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


class Api:
    """As one user. Every POST carries an Idempotency-Key, the same one when it is asked again."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=f"{url}/api/", timeout=TIMEOUT_SECONDS, trust_env=False)

    def log_in_with(self, token: str) -> None:
        self._client.headers["Authorization"] = f"Token {token}"

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, *, prefer: str = "") -> Answer:
        headers = {"Idempotency-Key": uuid4().hex, **({"Prefer": prefer} if prefer else {})}
        until, again = time.monotonic() + PATIENCE_SECONDS, False
        while True:
            try:
                answer = self._client.request(method, path, json=body, headers=headers)
                return Answer(answer.status_code, _read(answer), again)
            except httpx.TransportError as error:
                if time.monotonic() > until:
                    raise CannotGoOn(f"{method} /api/{path} got no answer: {error!r}") from error
                again = True
                time.sleep(0.2)

    def expect(self, method: str, path: str, expected: int, body: dict[str, Any] | None = None) -> Any:
        """Raises CannotGoOn for any other answer."""
        answer = self.call(method, path, body)
        if answer.status != expected:
            said = f"answered {answer.status} instead of {expected}: {str(answer.body)[:300]}"
            raise CannotGoOn(f"{method} /api/{path} {said}")
        return answer.body

    def close(self) -> None:
        self._client.close()


def _read(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text
