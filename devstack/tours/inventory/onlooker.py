"""Somebody who looks into both databases all the while: is anything oversold, does any SKU have two owners?"""

import threading

import psycopg

from devstack.postgres import EmbeddedPostgres

LOOKS_PER_SECOND = 4.0
SHOWN = 20
LEVELS = "SELECT sku, on_hand, reserved FROM inventory_stockitem"
BATONS = "SELECT sku, epoch, owner FROM inventory_ownership"


class Onlooker:
    """`looks` at all places of both sides, of which `faults` says what was wrong."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres = postgres
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="onlooker", daemon=True)
        self.looks = self.figures = 0
        self.moves = 0
        self.faults: list[str] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _look_on(self) -> None:
        with self._postgres.connect("shop") as shop, self._postgres.connect("inventory") as service:
            while not self._stop.wait(1 / LOOKS_PER_SECOND):
                self._levels("the monolith", shop)
                self._levels("the service", service)
                self._owners(shop, service)
                self.looks += 1

    def _levels(self, side: str, connection: psycopg.Connection) -> None:
        for sku, on_hand, reserved in connection.execute(LEVELS).fetchall():
            self.figures += 1
            if not 0 <= reserved <= on_hand:
                self._fault(f"{sku} in {side}: {on_hand} on hand, {reserved} reserved")

    def _owners(self, shop: psycopg.Connection, service: psycopg.Connection) -> None:
        """The service first: what it owns as move 3, the monolith owns at the same time unless its move is later."""
        theirs = {sku: epoch for sku, epoch, owner in service.execute(BATONS).fetchall() if owner == "service"}
        ours = {sku: (owner, epoch) for sku, epoch, owner in shop.execute(BATONS).fetchall()}
        self.moves = sum(epoch for _, epoch in ours.values())
        for sku, move in theirs.items():
            owner, epoch = ours.get(sku, ("monolith", 0))
            if owner == "monolith" and epoch <= move:
                self._fault(f"{sku}: the service has it as move {move}, the monolith as move {epoch}")

    def _fault(self, fault: str) -> None:
        if len(self.faults) < SHOWN:
            self.faults.append(fault)
