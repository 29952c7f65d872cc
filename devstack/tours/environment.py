"""Which process of the tour is told what."""

import secrets

from devstack.ports import LOOPBACK, kept_port
from devstack.postgres import EmbeddedPostgres
from devstack.shop.environment import Environment, of_project
from devstack.shop.workspace import Workspace

DATABASES = ("shop", "reporting", "broker")
SHOP, SERVICE = "devstack.tours.settings", "extracted.reporting.settings"


def prepare_databases(postgres: EmbeddedPostgres) -> None:
    """One database a system, each with a role of its own; one role that reads the shop's log, and no table."""
    postgres.ensure_role("cdc", replication=True)
    for name in DATABASES:
        postgres.ensure_role(name)
        postgres.ensure_database(name, owner=name)


class Environments:
    """`service_port` is chosen beforehand: the shop is told where the service answers."""

    def __init__(self, workspace: Workspace, postgres: EmbeddedPostgres) -> None:
        token = secrets.token_urlsafe(30)
        broker: Environment = {"BROKER_URL": postgres.url("broker", "broker").replace("postgresql://", "pgmq://", 1)}
        self.service_port = kept_port(None, None)
        asked: Environment = {
            "REPORTING_URL": f"http://{LOOPBACK}:{self.service_port}/strangler/",
            "REPORTING_TOKEN": token,
        }
        capture: Environment = {"RELAY": "stream", "CDC_DATABASE_URL": postgres.url("shop", "cdc")}
        shop = of_project("shop", workspace, postgres.url("shop", "shop"), SHOP)
        service = of_project("reporting", workspace, postgres.url("reporting", "reporting"), SERVICE)
        self.shop = shop | broker | capture | asked
        self.service = service | broker | {"SERVICE_TOKEN": token}

    def generation(self, number: int) -> Environment:
        """Of a consumer that builds another copy of the read model."""
        return self.service | {"REPORTING_GENERATION": str(number)}
