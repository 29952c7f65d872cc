"""What the stacks of all tours are made of: commands that run to their end, and processes that stay."""

from collections.abc import Sequence

from devstack.shop import programs
from devstack.shop.environment import Environment
from devstack.shop.programs import Program
from devstack.shop.running import Running

COMMAND_SECONDS = 300
"""On a machine that is busy."""


class TourStack(Running):
    """The shop, and one service, as processes. `SERVICE` is the service's Python package."""

    SERVICE: str
    _shop_env: Environment
    _service_env: Environment
    """Known when the database runs: `start` sets both."""

    @property
    def shop_env(self) -> Environment:
        return self._shop_env

    @property
    def service_env(self) -> Environment:
        return self._service_env

    @property
    def folders(self) -> str:
        return f"logs: {self.workspace.logs} and {self.postgres.log}"

    def shop_manage(self, *arguments: str, extra: Environment | None = None) -> str:
        """What the command printed. Raises ProcessFailed when it fails."""
        return self._run("shop", ["manage.py", *arguments], self.shop_env | (extra or {}))

    def service_manage(self, *arguments: str, env: Environment | None = None) -> str:
        return self._run("service", ["-m", self.SERVICE, *arguments], env or self.service_env)

    def shop_module(self, module: str, *arguments: str) -> str:
        return self._run("shop", ["-m", module, *arguments], self.shop_env)

    def shop_program(self, name: str, *arguments: str, ready: str) -> Program:
        return Program(name, ["manage.py", *arguments], self.shop_env, self.workspace, ready=ready)

    def service_program(self, name: str, *arguments: str, ready: str, env: Environment | None = None) -> Program:
        command = ["-m", self.SERVICE, *arguments]
        return Program(name, command, env or self.service_env, self.workspace, ready=ready)

    def add(self, *added: Program) -> None:
        """From now on they belong to what runs."""
        for program in added:
            program.start()
            self.programs.append(program)
        for program in added:
            program.wait_until_ready()

    def _run(self, side: str, command: Sequence[str], env: Environment) -> str:
        name = "-".join([side, *(part for part in command[1:3] if not part.startswith("-"))]).replace(".", "-")
        log = self.workspace.logs / f"{name}.log"
        before = log.stat().st_size if log.exists() else 0
        programs.run(name, command, env, self.workspace, seconds=COMMAND_SECONDS)
        with log.open("rb") as text:
            text.seek(before)
            return text.read().decode(errors="replace")
