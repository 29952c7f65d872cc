"""Kafka Connect's REST API as a small real HTTP server, for what a real worker does not do on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Answer = tuple[int, Any]


class ConnectDouble(ThreadingHTTPServer):
    """`answers["GET /connectors/x"]` is what it says, the last one for ever; `asked` is what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[tuple[str, Any, str | None]] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def calls(self) -> list[str]:
        return [call for call, _, _ in self.asked]


class _Handler(BaseHTTPRequestHandler):
    server: ConnectDouble

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        call = f"{self.command} {self.path}"
        self.server.asked.append((call, json.loads(body) if body else None, self.headers.get("Authorization")))
        answers = self.server.answers.get(call, [(404, {"message": "not found"})])
        status, content = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if content is not None:
            self.wfile.write(json.dumps(content).encode())

    do_GET = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815  (the names that http.server looks for)

    def log_message(self, format: str, *args: Any) -> None: ...


@contextmanager
def connect_double() -> Iterator[ConnectDouble]:
    with ConnectDouble() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
