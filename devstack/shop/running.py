"""What every run of the shop consists of: one PostgreSQL, and processes that all end with it."""

import secrets
from types import TracebackType
from typing import Self

from devstack.postgres import EmbeddedPostgres
from devstack.processes import ProcessFailed, log_tail
from devstack.shop.programs import Program, together
from devstack.shop.workspace import Workspace


class Running:
    """Everything has ended when its `with` block has. `password` is the administrator's."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.postgres = EmbeddedPostgres(workspace.postgres)
        self.password = secrets.token_urlsafe(12)
        self.programs: list[Program] = []

    def check(self) -> None:
        """Raises ProcessFailed when something ended by itself; first the database, which takes others along."""
        if not self.postgres.running:
            raise ProcessFailed(f"PostgreSQL ended by itself\n{log_tail(self.postgres.log)}")
        for program in self.programs:
            program.require_running()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The processes first, all at once; the database when nobody uses it any more."""
        if self.programs:
            together(*(program.process.terminate for program in self.programs))
        self.postgres.stop()
