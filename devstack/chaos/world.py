"""Everything that a run works on: the shop, its relay, two services, and who starts again what has ended."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Self, get_args

from devstack.chaos.clock import Clock
from devstack.chaos.servers import CAPTURE, OF_SERVICES, Servers
from devstack.ports import LOOPBACK, free_port
from devstack.secretfile import SecretFile
from devstack.shop import programs
from devstack.shop.environment import Environment, of_project
from devstack.shop.errors import CannotGoOn
from devstack.shop.programs import Program, together, wait_until_healthy
from devstack.shop.steps import Steps
from devstack.shop.workspace import Workspace
from strangler.conf import StranglerSettings
from strangler.testing.link import TcpProxy

SETTINGS = {
    "shop": "monolith.settings",
    "notifications": "extracted.notifications.settings",
    "auditor": "devstack.chaos.auditor.settings",
}
_OURS = {"polling", "debezium", "stream"}
RELAYS = tuple(kind for kind in get_args(StranglerSettings.model_fields["relay"].annotation) if kind in _OURS)
"""Those that run in a process of ours, on any broker."""
STOCK = 300
COMMAND_SECONDS = 60
STOP_SECONDS = 30


class World:
    """`with World(...) as world: world.start(steps)`. `settings` may replace those of a project, to plant a fault.

    `tell` hears of every program that ended although nobody had ended it, or not as it should have.
    """

    def __init__(
        self, workspace: Workspace, broker: str, tell: Callable[[str], None], settings: Mapping[str, str] | None = None
    ) -> None:
        self.workspace = workspace
        self.servers = Servers(workspace.root, broker)
        self.password = secrets.token_urlsafe(12)
        self.programs: dict[str, Program] = {}
        self.links: dict[str, TcpProxy] = {}
        self.clocks: dict[str, Clock] = {}
        self.relay_kind = "polling"
        self.reads = dict.fromkeys(OF_SERVICES, 1)
        self.oddities: list[str] = []
        self._tell = tell
        self._settings = {**SETTINGS, **(settings or {})}
        self._base: dict[str, Environment] = {}
        self._started = 0
        self._all: list[Program] = []
        self._stack = ExitStack()

    def start(self, steps: Steps) -> None:
        with steps.step("a database server for the shop, one for the services, and the broker"):
            self._stack.enter_context(self.servers)
            self.servers.start()
        self.links = self.servers.links(free_port())
        for name, settings in self._settings.items():
            self._base[name] = of_project(name, self.workspace, self._database(name), settings)
        with steps.step("tables, queues, products"):
            self._prepare()
        with steps.step("shop, relay, notifications, auditor"):
            self._start_programs()
            self.shop_url = f"http://{LOOPBACK}:{self.links['client-shop'].port}"

    # --- what the faults get at

    def new_relay(self, kind: str) -> Program:
        self.relay_kind = kind
        database, broker = self.links["relay-database"], self.links["relay-broker"]
        env = self._base["shop"] | {
            "DATABASE_URL": database.through(self._database("shop")),
            "CDC_DATABASE_URL": database.through(self.servers.shop.url("shop", CAPTURE)),
            "BROKER_URL": broker.through(self.servers.broker_url),
            "RELAY": kind,
        }
        return self._program("relay", ["manage.py", "relay"], env)

    def new_consumer(self, name: str, reads: int) -> Program:
        """Of the group that is named as its service is."""
        self.reads[name] = reads
        env = self._service(name) | {"AUDITOR_READS": str(reads)}
        return self._program(name, ["-m", "django", "consume", "--group", name], env)

    def command(self, project: str, *arguments: str) -> Program:
        """A management command beside the rest, straight to its database and the broker."""
        env = self._base[project] | self._straight()
        return self._program(arguments[0], ["-m", "django", *arguments], env, with_clock=False)

    def kill(self, name: str) -> None:
        """`kill -9`, and nobody starts it again."""
        self.programs[name].killed = True
        self.programs[name].process.kill_9()

    def replace(self, name: str, old: Program, new: Program, *, kindly: bool) -> None:
        """The new one is at work already; the old one is asked to end, or killed."""
        self.programs[name] = new
        if not kindly:
            old.process.kill_9()
        elif (code := old.process.terminate(timeout=STOP_SECONDS)) != 0:
            self._note(f"{name} was asked to end, and its exit code is {code}")

    def supervise(self) -> None:
        """Start again what ended by itself, as any supervisor would."""
        for name, program in self.programs.items():
            if not program.killed and not program.process.running:
                last = program.process.tail(3).splitlines()[-1:]
                self._note(f"{name} ended by itself with exit code {program.process.returncode}: {' '.join(last)}")
                program.start()

    def calm_down(self) -> None:
        """No fault is left; the shop starts anew, so that no request of before is still at work in it."""
        for link in self.links.values():
            link.heal()
        for each in self.clocks.values():
            each.jump(0)
        self.programs["shop"].process.terminate(timeout=STOP_SECONDS)
        self.programs["shop"].start()
        self.programs["shop"].wait_until_ready()
        wait_until_healthy(self.programs["shop"])

    def stop_consumers(self) -> None:
        """In order, so that what they held is given back to the broker."""
        together(*(partial(self.programs[name].process.terminate, timeout=STOP_SECONDS) for name in OF_SERVICES))

    def backlog(self) -> dict[str, int]:
        """Messages that wait in the broker, by group. Exact once no consumer runs."""
        asked = {name: self.command(name, "consume", "--backlog", "--group", name) for name in OF_SERVICES}
        for program in asked.values():
            program.start()
        return {name: _count_said_by(program) for name, program in asked.items()}

    # --- how it is put together

    def _note(self, what: str) -> None:
        self.oddities.append(what)
        self._tell(f"  {what}")

    def _prepare(self) -> None:
        if self.servers.broker_url.startswith("kafka"):
            self._commands("shop", ["kafka_topics"])
        together(self._prepare_shop, *(partial(self._prepare_service, name) for name in OF_SERVICES))

    def _prepare_shop(self) -> None:
        SecretFile(self.workspace.passwords).put("admin", self.password)
        seed = ["seed", "--products", "12", "--customers", "0", "--stock", str(STOCK)]
        self._commands("shop", ["migrate"], seed, ["cdc_setup"])

    def _prepare_service(self, name: str) -> None:
        self._commands(name, ["migrate"], ["consume", "--declare", "--group", name])

    def _commands(self, project: str, *commands: Sequence[str]) -> None:
        """One after the other in one process, by no proxy."""
        env = self._base[project] | self._straight() | {"ADMIN_PASSWORD": self.password}
        code = "import django; django.setup()\nfrom django.core.management import call_command\n"
        code += f"for command in {commands!r}: call_command(*command)"
        programs.run(f"{project}-{commands[0][0]}", ["-c", code], env, self.workspace)

    def _start_programs(self) -> None:
        port = self.links["client-shop"].target_port
        shop = (
            self._base["shop"]
            | self._clock_of("shop")
            | {
                "DATABASE_URL": self.links["shop-database"].through(self._database("shop")),
                "STAGE_NOTIFICATIONS": "extracted",
                "THROTTLE_USER": "off",
                "THROTTLE_CHECKOUT": "off",
            }
        )
        self.programs["shop"] = programs.web("shop", "monolith.wsgi", shop, self.workspace, port)
        self._all.append(self.programs["shop"])
        self.programs["relay"] = self.new_relay("polling")
        for name in OF_SERVICES:
            self.programs[name] = self.new_consumer(name, 1)
        deliver = ["-m", "django", "deliver_emails", "--loop", "--interval", "1"]
        self.programs["mailer"] = self._program("mailer", deliver, self._service("notifications"))
        for program in self.programs.values():
            program.start()
        self.programs["shop"].wait_until_ready()
        wait_until_healthy(self.programs["shop"])

    def _program(self, name: str, command: list[str], env: Environment, *, with_clock: bool = True) -> Program:
        """Each start of a name has a log of its own: two may run side by side."""
        self._started += 1
        if with_clock:
            env = env | self._clock_of(name)
        program = Program(f"{name}-{self._started}", command, env, self.workspace, ready="")
        self._all.append(program)
        return program

    def _clock_of(self, name: str) -> Environment:
        if name not in self.clocks:
            self.clocks[name] = Clock(self.workspace.run / f"{name}.clock")
        return self.clocks[name].environment

    def _service(self, name: str) -> Environment:
        return self._base[name] | {
            "DATABASE_URL": self.links[f"{name}-database"].through(self._database(name)),
            "BROKER_URL": self.links[f"{name}-broker"].through(self.servers.broker_url),
        }

    def _straight(self) -> Environment:
        return {
            "BROKER_URL": self.servers.broker_url,
            "CDC_DATABASE_URL": self.servers.shop.url("shop", CAPTURE),
        }

    def _database(self, name: str) -> str:
        server = self.servers.services if name in OF_SERVICES else self.servers.shop
        return server.url(name, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._all:
            together(*(program.process.terminate for program in self._all))
        self._stack.close()


def _count_said_by(command: Program) -> int:
    command.process.wait(COMMAND_SECONDS)
    found = re.search(r"(\d+) messages wait", command.process.tail())
    if found is None:
        raise CannotGoOn(f"the broker was asked for the backlog in vain\n{command.process.tail()}")
    return int(found[1])
