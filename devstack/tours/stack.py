"""Everything that runs in the tour of reporting: PostgreSQL with a database for each system, shop, relay, service."""

from devstack.secretfile import SecretFile
from devstack.shop import programs
from devstack.shop.environment import Environment
from devstack.shop.programs import Program, together, wait_until_healthy
from devstack.shop.steps import Steps
from devstack.tours.environment import DATABASES, Environments, prepare_databases
from devstack.tours.running import TourStack

HISTORY = ("--products", "200", "--customers", "400", "--orders", "2000", "--stock", "100000", "--seed", "7")


class Stack(TourStack):
    """`with Stack(...) as stack:` `stack.start(steps)`. Everything has ended when the block has."""

    SERVICE = "extracted.reporting"

    def start(self, steps: Steps) -> None:
        with steps.step(f"PostgreSQL with a database and a role each: {', '.join(DATABASES)}"):
            self.postgres.start()
            prepare_databases(self.postgres)
            self.env = Environments(self.workspace, self.postgres)
            self._shop_env, self._service_env = self.env.shop, self.env.service
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

    def consumer(self, name: str, env: Environment) -> Program:
        return self.service_program(name, "consume", ready="consumer_started", env=env)

    def _start_programs(self) -> None:
        env, workspace = self.env, self.workspace
        self.shop = programs.web("shop", "monolith.wsgi", env.shop, workspace)
        self.service = programs.web("service", f"{self.SERVICE}.wsgi", env.service, workspace, env.service_port)
        self.relay = self.shop_program("relay", "relay", ready="relay_streams")
        self.add(self.shop, self.service, self.relay, self.consumer("consumer", env.service))
        for program in (self.shop, self.service):
            wait_until_healthy(program)
