"""Which process is told what. The web processes know neither the broker nor the role that reads the log."""

from devstack.postgres import EmbeddedPostgres
from devstack.shop.environment import Environment, of_project
from devstack.shop.workspace import Workspace

OBSERVER = "observer"
DATABASES = ("shop", "notifications", "broker")


def prepare_databases(postgres: EmbeddedPostgres) -> None:
    """One database a system, each with a role of its own; one role that reads the log, one that only looks on."""
    postgres.ensure_role("cdc", replication=True)
    postgres.ensure_role(OBSERVER)
    for name in DATABASES:
        postgres.ensure_role(name)
        postgres.ensure_database(name, owner=name)
    with postgres.connect() as connection:
        connection.execute(f"GRANT pg_read_all_data TO {OBSERVER}")
        connection.execute(f"GRANT CONNECT ON DATABASE {', '.join(DATABASES)} TO {OBSERVER}")


class Environments:
    """The environment variables of every kind of process."""

    def __init__(self, workspace: Workspace, postgres: EmbeddedPostgres, relay: str) -> None:
        broker: Environment = {"BROKER_URL": postgres.url("broker", "broker").replace("postgresql://", "pgmq://", 1)}
        capture: Environment = {"RELAY": relay, "CDC_DATABASE_URL": postgres.url("shop", "cdc")}
        self.shop_web = of_project("shop", workspace, postgres.url("shop", "shop"), "monolith.settings")
        self.shop_web["STAGE_NOTIFICATIONS"] = "extracted"
        service_url = postgres.url("notifications", "notifications")
        self.service_web = of_project("notifications", workspace, service_url, "extracted.notifications.settings")
        self.shop = self.shop_web | broker | capture
        self.service = self.service_web | broker
