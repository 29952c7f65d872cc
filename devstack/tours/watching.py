"""Somebody who looks into both databases all the while, of which the second is the service's."""

import threading
from abc import ABC, abstractmethod

import psycopg

from devstack.postgres import EmbeddedPostgres

LOOKS_PER_SECOND = 4.0
SHOWN = 20


class Watcher(ABC):
    """`looks` at both sides, of which `faults` says what was wrong.."""

    SERVICE: str
    BATONS: str
    """Key, epoch and owner of all that ever moved."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres = postgres
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="onlooker", daemon=True)
        self.looks = self.moves = 0
        self.faults: list[str] = []

    @abstractmethod
    def look(self, shop: psycopg.Connection, service: psycopg.Connection) -> None: ...

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def fault(self, fault: str) -> None:
        if len(self.faults) < SHOWN:
            self.faults.append(fault)

    def _look_on(self) -> None:
        with self._postgres.connect("shop") as shop, self._postgres.connect(self.SERVICE) as service:
            while not self._stop.wait(1 / LOOKS_PER_SECOND):
                self.look(shop, service)
                self._owners(shop, service)
                self.looks += 1

    def _owners(self, shop: psycopg.Connection, service: psycopg.Connection) -> None:
        """The service first: what it owns as move 3, the monolith owns at the same time unless its move is later."""
        theirs = {key: epoch for key, epoch, owner in service.execute(self.BATONS).fetchall() if owner == "service"}
        ours = {key: (owner, epoch) for key, epoch, owner in shop.execute(self.BATONS).fetchall()}
        self.moves = sum(epoch for _, epoch in ours.values())
        for key, move in theirs.items():
            owner, epoch = ours.get(key, ("monolith", 0))
            if owner == "monolith" and epoch <= move:
                self.fault(f"{key}: the service has it as move {move}, the monolith as move {epoch}")
