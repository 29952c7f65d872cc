"""Which process of a run is told what, and what is made before the first of them starts."""

from collections.abc import Mapping, Sequence
from functools import partial

from devstack.chaos.servers import CAPTURE, OF_SERVICES, Servers
from devstack.secretfile import SecretFile
from devstack.shop import programs
from devstack.shop.environment import Environment, of_project
from devstack.shop.programs import together
from devstack.shop.workspace import Workspace
from strangler.testing.link import TcpProxy

SETTINGS = {
    "shop": "monolith.settings",
    "notifications": "extracted.notifications.settings",
    "auditor": "devstack.chaos.auditor.settings",
}
STOCK = 300
PREPARE_SECONDS = 300


class Environments:
    """The environment variables of every process: each reaches its servers by links of its own."""

    def __init__(
        self, workspace: Workspace, servers: Servers, links: Mapping[str, TcpProxy], settings: Mapping[str, str]
    ) -> None:
        self._workspace = workspace
        self._servers = servers
        self._links = links
        self._base = {
            name: of_project(name, workspace, self._database(name), project)
            for name, project in {**SETTINGS, **settings}.items()
        }

    def shop(self) -> Environment:
        return self._base["shop"] | {
            "DATABASE_URL": self._links["shop-database"].through(self._database("shop")),
            "STAGE_NOTIFICATIONS": "extracted",
            "THROTTLE_USER": "off",
            "THROTTLE_CHECKOUT": "off",
        }

    def relay(self, kind: str) -> Environment:
        database, broker = self._links["relay-database"], self._links["relay-broker"]
        return self._base["shop"] | {
            "DATABASE_URL": database.through(self._database("shop")),
            "CDC_DATABASE_URL": database.through(self._servers.shop.url("shop", CAPTURE)),
            "BROKER_URL": broker.through(self._servers.broker_url),
            "RELAY": kind,
        }

    def service(self, name: str) -> Environment:
        return self._base[name] | {
            "DATABASE_URL": self._links[f"{name}-database"].through(self._database(name)),
            "BROKER_URL": self._links[f"{name}-broker"].through(self._servers.broker_url),
        }

    def straight(self, project: str) -> Environment:
        """For commands, which go by no link."""
        return self._base[project] | {
            "BROKER_URL": self._servers.broker_url,
            "CDC_DATABASE_URL": self._servers.shop.url("shop", CAPTURE),
        }

    def _database(self, name: str) -> str:
        server = self._servers.services if name in OF_SERVICES else self._servers.shop
        return server.url(name, name)

    # --- before the first start

    def prepare(self, password: str) -> None:
        """Tables, queues, what there is to sell, and an administrator with this password."""
        SecretFile(self._workspace.passwords).put("admin", password)
        if self._servers.broker_url.startswith("kafka"):
            self._commands("shop", ["kafka_topics"])
        together(partial(self._prepare_shop, password), *(partial(self._prepare_service, name) for name in OF_SERVICES))

    def _prepare_shop(self, password: str) -> None:
        seed = ["seed", "--products", "12", "--customers", "0", "--stock", str(STOCK)]
        self._commands("shop", ["migrate"], seed, ["cdc_setup"], ADMIN_PASSWORD=password)

    def _prepare_service(self, name: str) -> None:
        self._commands(name, ["migrate"], ["consume", "--declare", "--group", name])

    def _commands(self, project: str, *commands: Sequence[str], **variables: str) -> None:
        """One after the other in one process: each start of Django takes a while."""
        code = "import django; django.setup()\nfrom django.core.management import call_command\n"
        code += f"for command in {commands!r}: call_command(*command)"
        env, name = self.straight(project) | variables, f"{project}-{commands[0][0]}"
        programs.run(name, ["-c", code], env, self._workspace, seconds=PREPARE_SECONDS)
