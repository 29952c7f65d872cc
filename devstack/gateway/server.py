"""The gateway over HTTP/1.1.

    POST /authorisations                {card_token, amount, currency, order_number}   201 {id, at} | 402 | 422
    POST /authorisations/<id>/capture   {amount, currency}                 201 {id, at} | 404 | 409; so refund and void
    GET  /movements?after=<number>      every movement of money since, in order
    GET  /knobs, PUT /knobs             how it behaves: devstack/gateway/knobs.py
    GET  /health

A POST takes an `Idempotency-Key`; where the gateway has a token, all but /health take it as `Authorization: Bearer`.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from devstack.gateway.bank import Answer, Bank
from devstack.gateway.knobs import Panel

MOST_BYTES = 64 * 1024
KINDS = {"capture", "refund", "void"}


class Gateway(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], bank: Bank, *, token: str = "") -> None:
        super().__init__(address, Conversation)
        self.bank, self.panel, self.token = bank, Panel(), token

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up, or is killed, is no error of the gateway's."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Conversation(BaseHTTPRequestHandler):
    server: Gateway
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/health":
            self._say((200, {"status": "ok"}))
        elif self._is_known():
            self._read(path, query)

    def do_PUT(self) -> None:
        if not self._is_known():
            return
        if self.path != "/knobs":
            self._say(_nowhere(self.path))
            return
        try:
            self._say((200, self.server.panel.turn(self._body())))
        except ValueError as error:
            self._say((400, {"reason": str(error)}))

    def do_POST(self) -> None:
        if not self._is_known():
            return
        try:
            body = self._body()
        except ValueError as error:
            self._say((400, {"reason": str(error)}))
            return
        knobs = self.server.panel.now()
        time.sleep(knobs.delay)
        if self.server.panel.now().down:
            self._say((503, {"reason": "The gateway is away."}))
            return
        answer = self._do(body)
        time.sleep(knobs.answer_after)
        if knobs.hang_up:
            self.close_connection = True
            return
        self._say(answer, times=2 if knobs.twice else 1)

    def _read(self, path: str, query: str) -> None:
        if path == "/knobs":
            self._say((200, asdict(self.server.panel.now())))
        elif path == "/movements":
            after = parse_qs(query).get("after", ["0"])[0]
            if after.isdigit():
                self._say((200, {"movements": self.server.bank.movements[int(after) :]}))
            else:
                self._say((400, {"reason": f"after={after!r} is not the number of a movement"}))
        else:
            self._say(_nowhere(path))

    def _do(self, body: dict[str, Any]) -> Answer:
        key = self.headers.get("Idempotency-Key", "")
        if not key:
            return 400, {"reason": "The header Idempotency-Key is missing: a UUID of your own."}
        match urlsplit(self.path).path.strip("/").split("/"):
            case ["authorisations"]:
                return self._bank(key, "authorise", "", body)
            case ["authorisations", authorisation, kind] if kind in KINDS:
                return self._bank(key, kind, authorisation, body)
        return _nowhere(self.path)

    def _bank(self, key: str, kind: str, authorisation: str, body: dict[str, Any]) -> Answer:
        return self.server.bank.do(key, kind, authorisation, body, decline=self.server.panel.now().decline)

    def _body(self) -> dict[str, Any]:
        """Raises ValueError."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            self.close_connection = True
            raise ValueError(f"Content-Length {length!r}: a body has at most {MOST_BYTES} bytes")
        body = json.loads(self.rfile.read(int(length)) or b"{}")
        if isinstance(body, dict):
            return body
        raise ValueError("the body is a JSON object")

    def _is_known(self) -> bool:
        given = self.headers.get("Authorization", "")
        expected = f"Bearer {self.server.token}"
        if not self.server.token or compare_digest(given.encode(), expected.encode()):
            return True
        self.close_connection = True
        self._say((401, {"reason": "This gateway has a token: Authorization: Bearer …"}))
        return False

    def _say(self, answer: Answer, *, times: int = 1) -> None:
        status, told = answer
        body = json.dumps(told).encode()
        try:
            for _ in range(times):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        except OSError:  # whoever asked has gone
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Its movements are its log."""


def _nowhere(path: str) -> Answer:
    return 404, {"reason": f"{path} is nothing here"}
