"""Everything that a run works on: the shop, its relay, two services, and who starts again what has ended."""

import re
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Self, get_args

from devstack.chaos.clock import Clock
from devstack.chaos.environments import Environments
from devstack.chaos.servers import OF_SERVICES, Servers
from devstack.ports import LOOPBACK, free_port
from devstack.shop import programs
from devstack.shop.environment import Environment
from devstack.shop.errors import CannotGoOn
from devstack.shop.programs import Program, together, wait_until_healthy
from devstack.shop.steps import Steps
from devstack.shop.workspace import Workspace
from strangler.conf import StranglerSettings
from strangler.testing.link import TcpProxy

_OURS = {"polling", "debezium", "stream"}
RELAYS = tuple(kind for kind in get_args(StranglerSettings.model_fields["relay"].annotation) if kind in _OURS)
"""Those that run in a process of ours, on any broker."""
RELAY_BEGINS = "relay_started|relay_streams"
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
        self._settings = settings or {}
        self._started = 0
        self._all: list[Program] = []
        self._relays: list[tuple[str, Program]] = []
        self._stack = ExitStack()

    def start(self, steps: Steps) -> None:
        with steps.step("a database server for the shop, one for the services, and the broker"):
            self._stack.enter_context(self.servers)
            self.servers.start()
        self.links = self.servers.links(free_port())
        self._environments = Environments(self.workspace, self.servers, self.links, self._settings)
        with steps.step("tables, queues, products"):
            self._environments.prepare(self.password)
        with steps.step("shop, relay, notifications, auditor"):
            self._start_programs()
            self.shop_url = f"http://{LOOPBACK}:{self.links['client-shop'].port}"

    # --- what the faults get at

    def new_relay(self, kind: str) -> Program:
        self.relay_kind = kind
        relay = self._program("relay", ["manage.py", "relay"], self._environments.relay(kind))
        self._relays.append((kind, relay))
        return relay

    def new_consumer(self, name: str, reads: int) -> Program:
        """Of the group that is named as its service is. The new version, 2, runs its handlers in processes."""
        self.reads[name] = reads
        env = self._environments.service(name) | {"AUDITOR_READS": str(reads)}
        lanes = ["--processes", "2"] if reads > 1 else []
        return self._program(name, ["-m", "django", "consume", "--group", name, *lanes], env)

    def command(self, project: str, *arguments: str) -> Program:
        """A management command beside the rest, straight to its database and the broker."""
        env = self._environments.straight(project)
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
            self._note(f"{name} was asked to end, and its exit code is {code}: {_last_line(old)}")

    def supervise(self) -> None:
        """Start again what ended by itself, as any supervisor would."""
        for name, program in self.programs.items():
            if not program.killed and not program.process.running:
                code = program.process.returncode
                self._note(f"{name} ended by itself with exit code {code}: {_last_line(program)}")
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

    def relays_at_work(self) -> Counter[str]:
        """How often a relay of each kind began to carry events: it lost its connection, or was started, before."""
        begun: Counter[str] = Counter()
        for kind, program in self._relays:
            begun[kind] += len(re.findall(RELAY_BEGINS, program.process.log.read_text(encoding="utf-8")))
        return begun

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

    def _start_programs(self) -> None:
        env, port = self._environments.shop() | self._clock_of("shop"), self.links["client-shop"].target_port
        self.programs["shop"] = programs.web("shop", "monolith.wsgi", env, self.workspace, port)
        self._all.append(self.programs["shop"])
        self.programs["relay"] = self.new_relay("polling")
        for name in OF_SERVICES:
            self.programs[name] = self.new_consumer(name, 1)
        deliver = ["-m", "django", "deliver_emails", "--loop", "--interval", "1"]
        self.programs["mailer"] = self._program("mailer", deliver, self._environments.service("notifications"))
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


def _last_line(program: Program) -> str:
    return "".join(program.process.tail(3).splitlines()[-1:]) or "it had said nothing yet"
