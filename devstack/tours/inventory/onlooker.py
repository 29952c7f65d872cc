"""Is anything oversold, does any SKU have two owners? Asked of both databases all the while."""

import psycopg

from devstack.postgres import EmbeddedPostgres
from devstack.shop.finding import Finding
from devstack.tours.watching import Watcher

LEVELS = "SELECT sku, on_hand, reserved FROM inventory_stockitem"


class Onlooker(Watcher):
    SERVICE = "inventory"
    BATONS = "SELECT sku, epoch, owner FROM inventory_ownership"

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        super().__init__(postgres)
        self.figures = 0

    def finding(self) -> Finding:
        claim = (
            f"{self.looks:,} looks at {self.figures:,} levels all the while, as SKUs changed hands {self.moves} times: "
            "reserved never more than there is, never two owners of a SKU"
        )
        return Finding(claim, list(self.faults))

    def look(self, shop: psycopg.Connection, service: psycopg.Connection) -> None:
        self._levels("the monolith", shop)
        self._levels("the service", service)

    def _levels(self, side: str, connection: psycopg.Connection) -> None:
        for sku, on_hand, reserved in connection.execute(LEVELS).fetchall():
            self.figures += 1
            if not 0 <= reserved <= on_hand:
                self.fault(f"{sku} in {side}: {on_hand} on hand, {reserved} reserved")
