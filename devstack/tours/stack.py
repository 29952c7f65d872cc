"""Everything that runs in the tour: one PostgreSQL with a database for each system, shop, relay, service, consumer."""

from collections.abc import Sequence

from devstack.secretfile import SecretFile
from devstack.shop import programs
from devstack.shop.environment import Environment
from devstack.shop.programs import Program, together, wait_until_healthy
from devstack.shop.running import Running
from devstack.shop.steps import Steps
from devstack.tours.environment import DATABASES, Environments, prepare_databases

SERVICE = "extracted.reporting"
HISTORY = ("--products", "200", "--customers", "400", "--orders", "2000", "--stock", "100000", "--seed", "7")


class Stack(Running):
    """`with Stack(...) as stack:` `stack.start(steps)`. Everything has ended when the block has."""

    def start(self, steps: Steps) -> None:
        with steps.step(f"PostgreSQL with a database and a role each: {', '.join(DATABASES)}"):
            self.postgres.start()
            prepare_databases(self.postgres)
            self.env = Environments(self.workspace, self.postgres)
        with steps.step("tables of the shop and of the reporting service"):
            together(
                lambda: self.shop_manage("migrate", "--verbosity", "1"),
                lambda: self.service_manage("migrate", "--verbosity", "1"),
            )
        with steps.step("two years of a shop: 200 products, 400 customers, 2,000 orders"):
            SecretFile(self.workspace.passwords).put("admin", self.password)
            self.shop_manage("seed", *HISTORY, extra={"ADMIN_PASSWORD": self.password})
        with steps.step("the service's queue in the broker; the right to read the shop's log"):
            self.service_manage("consume", "--declare")
            self.shop_manage("cdc_setup")
        with steps.step("shop, relay, reporting service and its consumer"):
            self._start_programs()

    @property
    def folders(self) -> str:
        return f"logs: {self.workspace.logs} and {self.postgres.log}"

    def shop_manage(self, *arguments: str, extra: Environment | None = None) -> str:
        """What the command printed. Raises ProcessFailed when it fails."""
        return self._run("shop", ["manage.py", *arguments], self.env.shop | (extra or {}))

    def service_manage(self, *arguments: str, env: Environment | None = None) -> str:
        return self._run("service", ["-m", SERVICE, *arguments], env or self.env.service)

    def shop_module(self, module: str, *arguments: str) -> str:
        return self._run("shop", ["-m", module, *arguments], self.env.shop)

    def shop_program(self, name: str, *arguments: str, ready: str) -> Program:
        return Program(name, ["manage.py", *arguments], self.env.shop, self.workspace, ready=ready)

    def consumer(self, name: str, env: Environment) -> Program:
        command = ["-m", SERVICE, "consume"]
        return Program(name, command, env, self.workspace, ready="consumer_started")

    def add(self, *added: Program) -> None:
        """From now on they belong to what runs."""
        for program in added:
            program.start()
            self.programs.append(program)
        for program in added:
            program.wait_until_ready()

    def _start_programs(self) -> None:
        env, workspace = self.env, self.workspace
        self.shop = programs.web("shop", "monolith.wsgi", env.shop, workspace)
        self.service = programs.web("service", f"{SERVICE}.wsgi", env.service, workspace, env.service_port)
        self.relay = self.shop_program("relay", "relay", ready="relay_streams")
        self.add(self.shop, self.service, self.relay, self.consumer("consumer", env.service))
        for program in (self.shop, self.service):
            wait_until_healthy(program)

    def _run(self, side: str, command: Sequence[str], env: Environment) -> str:
        name = "-".join([side, *(part for part in command[1:3] if not part.startswith("-"))]).replace(".", "-")
        log = self.workspace.logs / f"{name}.log"
        before = log.stat().st_size if log.exists() else 0
        programs.run(name, command, env, self.workspace)
        with log.open("rb") as text:
            text.seek(before)
            return text.read().decode(errors="replace")
