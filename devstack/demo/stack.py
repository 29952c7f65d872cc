"""Everything that runs: one PostgreSQL with a database for each system, and the processes of shop and service."""

from devstack.demo.environment import Environments, prepare_databases
from devstack.demo.observer import GROUP
from devstack.secretfile import SecretFile
from devstack.shop import programs
from devstack.shop.programs import Program, together, wait_until_healthy
from devstack.shop.running import Running
from devstack.shop.steps import Steps
from devstack.shop.workspace import Workspace

SERVICE = "extracted.notifications"
RELAY_IS_READY = {"polling": "relay_started", "debezium": "relay_streams"}


class Stack(Running):
    """`with Stack(...) as stack:` `stack.start(steps)`. Everything has ended when the block has."""

    def __init__(self, workspace: Workspace, relay: str) -> None:
        super().__init__(workspace)
        self._relay = relay

    def start(self, steps: Steps) -> None:
        with steps.step("PostgreSQL with a database and a role each for shop, service and broker"):
            self.postgres.start()
            prepare_databases(self.postgres)
        self._env = Environments(self.workspace, self.postgres, self._relay)
        with steps.step("tables of the shop and of the notifications service"):
            together(self._migrate_shop, self._migrate_service)
        with steps.step("products, stock, an administrator on both sides"):
            together(self._seed, self._make_service_admin)
        with steps.step("the service's queue in the broker; the right to read the shop's log"):
            together(self._declare, self._allow_capture)
        self._make_programs()
        with steps.step(f"shop, service, relay ({self._relay}) and consumer"):
            for program in self.programs:
                program.start()
            for program in self.programs:
                program.wait_until_ready()
            for program in (self.shop, self.service):
                wait_until_healthy(program)

    @property
    def shop_url(self) -> str:
        return self.shop.url

    @property
    def service_url(self) -> str:
        return self.service.url

    def _migrate_shop(self) -> None:
        self._run("migrate-shop", ["manage.py", "migrate", "--verbosity", "1"], self._env.shop)

    def _migrate_service(self) -> None:
        self._run("migrate-service", ["-m", SERVICE, "migrate", "--verbosity", "1"], self._env.service)

    def _seed(self) -> None:
        SecretFile(self.workspace.passwords).put("admin", self.password)
        env = self._env.shop | {"ADMIN_PASSWORD": self.password}
        self._run("seed", ["manage.py", "seed", "--stock", "100000"], env)

    def _make_service_admin(self) -> None:
        env = self._env.service | {"DJANGO_SUPERUSER_PASSWORD": self.password}
        user = ["--noinput", "--username", "admin", "--email", "admin@example.com"]
        self._run("service-admin", ["-m", SERVICE, "createsuperuser", *user], env)

    def _declare(self) -> None:
        self._run("declare", ["-m", SERVICE, "consume", "--group", GROUP, "--declare"], self._env.service)

    def _allow_capture(self) -> None:
        if self._relay == "debezium":
            self._run("cdc-setup", ["manage.py", "cdc_setup"], self._env.shop)

    def _run(self, name: str, command: list[str], env: dict[str, str | None]) -> None:
        programs.run(name, command, env, self.workspace)

    def _make_programs(self) -> None:
        env, workspace = self._env, self.workspace
        consume = ["-m", SERVICE, "consume", "--group", GROUP]
        deliver = ["-m", SERVICE, "deliver_emails", "--loop", "--interval", "1"]
        ready = RELAY_IS_READY[self._relay]
        self.shop = programs.web("shop", "monolith.wsgi", env.shop_web, workspace)
        self.service = programs.web("service", f"{SERVICE}.wsgi", env.service_web, workspace)
        self.relay = Program("relay", ["manage.py", "relay"], env.shop, workspace, ready=ready)
        self.consumer = Program("consumer", consume, env.service, workspace, ready="consumer_started")
        mailer = Program("mailer", deliver, env.service, workspace, ready="")
        self.programs = [self.relay, self.shop, self.service, self.consumer, mailer]
