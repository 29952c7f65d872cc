"""Which process of the inventory tour is told what."""

import secrets

from devstack.ports import LOOPBACK, kept_port
from devstack.postgres import EmbeddedPostgres
from devstack.shop.environment import Environment, of_project
from devstack.shop.workspace import Workspace

DATABASES = ("shop", "inventory", "broker")
"""The last one is for the queues of PGMQ."""
SHOP, SERVICE = "devstack.tours.inventory.settings", "extracted.inventory.settings"


def prepare_databases(postgres: EmbeddedPostgres) -> None:
    """One database a system, each with a role of its own."""
    for name in DATABASES:
        postgres.ensure_role(name)
        postgres.ensure_database(name, owner=name)


class Environments:
    """Ports are chosen beforehand: the shop is told where the service answers, and comes back to its own."""

    def __init__(self, workspace: Workspace, postgres: EmbeddedPostgres, broker_url: str) -> None:
        token = secrets.token_urlsafe(30)
        broker: Environment = {"BROKER_URL": broker_url}
        self.shop_port, self.service_port = kept_port(None, None), kept_port(None, None)
        asked: Environment = {
            "INVENTORY_URL": f"http://{LOOPBACK}:{self.service_port}/strangler/",
            "INVENTORY_TOKEN": token,
        }
        shop = of_project("shop", workspace, postgres.url("shop", "shop"), SHOP)
        service = of_project("inventory", workspace, postgres.url("inventory", "inventory"), SERVICE)
        self.shop = shop | broker | asked
        self.service = service | broker | {"SERVICE_TOKEN": token}
