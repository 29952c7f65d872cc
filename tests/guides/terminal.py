"""A terminal of the guide's reader: one bash that keeps its folder and variables from one command to the next."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def _hear_ctrl_c() -> None:
    """Also where this test run is a shell's background job, which ignores it, and with it all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """`send()` a command, then look at `output` and, once it has ended, `exit_code`. Nothing here waits."""

    def __init__(self, name: str, cwd: Path, scratch: Path, env: Mapping[str, str]) -> None:
        self.name = name
        self.exit_code: int | None = 0
        self._scratch = scratch
        self._log = scratch / f"terminal-{name or 'first'}.log"
        self._commands = 0
        self._from = 0
        with self._log.open("wb") as log:
            self._bash = subprocess.Popen(
                ["bash", "--noprofile", "--norc"],
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_hear_ctrl_c,  # noqa: PLW1509  (no threads here)
            )
        # As with a person at it: every command is a process group, and one that dies of Ctrl-C dies alone.
        self._write("set -m; trap : INT")

    @property
    def cwd(self) -> Path:
        return Path(psutil.Process(self._bash.pid).cwd())

    def send(self, command: str) -> None:
        """From a file, so that a mistake in it ends the command and not the shell."""
        self._commands += 1
        script = self._scratch / f"terminal-{self.name or 'first'}-{self._commands}.sh"
        script.write_text(command + "\n", encoding="utf-8")
        self._from, self.exit_code = self._log.stat().st_size, None
        self._write(f". {shlex.quote(str(script))} </dev/null\nprintf '\\n%s %s\\n' {shlex.quote(self._end)} $?")

    def interrupt(self) -> None:
        """Ctrl-C: the command in the foreground is the one started last."""
        self._from = self._log.stat().st_size
        newest = max(psutil.Process(self._bash.pid).children(), key=psutil.Process.create_time)
        os.killpg(os.getpgid(newest.pid), signal.SIGINT)

    def output(self) -> str:
        """What was printed since the last `send()` or `interrupt()`, without colours; notes when the command ended."""
        with self._log.open("rb") as log:
            log.seek(self._from)
            text = _COLOUR.sub("", log.read().decode("utf-8", errors="replace")).replace("\r\n", "\n")
        end = re.search(rf"\n{self._end} (\d+)\n", text)
        if not end:
            return text
        self.exit_code = int(end[1])
        return text[: end.start()] + text[end.end() :]

    def running(self) -> list[psutil.Process]:
        """What was started here and still runs, in the background too."""
        found = [process for process in psutil.process_iter() if self._is_ours(process)]
        return [process for process in found if process.pid != self._bash.pid]

    def close(self) -> None:
        for process in self.running():
            with suppress(psutil.NoSuchProcess):  # one of them has taken it along
                process.kill()
        self._bash.kill()
        self._bash.communicate()

    @property
    def _end(self) -> str:
        return f"--- end of command {self._commands} of {self._bash.pid}:"

    def _write(self, line: str) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.write(f"{line}\n".encode())
        self._bash.stdin.flush()

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return os.getsid(process.pid) == self._bash.pid and process.status() != psutil.STATUS_ZOMBIE
        except (ProcessLookupError, psutil.NoSuchProcess):
            return False
