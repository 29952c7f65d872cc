"""Do what a guide says, as its reader would, and compare what is printed with what the guide shows."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.guides.guide import INTERRUPT, Command, File, Mark, read_guide
from tests.guides.terminal import Terminal

KILLED = 137
INTERRUPTED = (0, 130)
LOOK_EVERY_SECONDS = 0.05


class GuideFailed(AssertionError):
    """The guide says one thing and the commands another."""


class Reader:
    """Follows one guide in the folder `scratch`. Times are seconds: for a command, and for one that is repeated."""

    def __init__(
        self, guide: Path, scratch: Path, env: Mapping[str, str], *, patience: float = 240, repeats: float = 90
    ) -> None:
        self.done: list[int] = []
        self._guide = guide
        self._scratch = scratch
        self._env = env
        self._patience = patience
        self._repeats = repeats
        self._terminals: dict[str, Terminal] = {}
        self._last: Terminal | None = None

    def follow(self) -> None:
        """Raises GuideFailed naming the line. `done` holds the line of every console block that was run."""
        try:
            for step in read_guide(self._guide):
                if isinstance(step, File):
                    self._write(step)
                else:
                    self._run(step)
                    self.done += [step.block] if step.block not in self.done else []
            self._expect_nothing_left()
        finally:
            for terminal in self._terminals.values():
                terminal.close()

    def _write(self, file: File) -> None:
        """Where the reader's terminal is: the one used last."""
        path = (self._last.cwd if self._last else self._scratch) / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if file.adds else "w", encoding="utf-8") as target:
            target.write(("\n\n" if file.adds else "") + file.text)

    def _run(self, command: Command) -> None:
        terminal = self._last = self._terminal(command.terminal)
        if command.text == INTERRUPT:
            self._interrupt(command, terminal)
        elif command.mark is Mark.REPEAT:
            self._repeat(command, terminal)
        else:
            self._require_prompt(command, terminal)
            terminal.send(command.text)
            stays = command.mark is Mark.STAYS
            enough = (lambda output: _shows(command.expected, output, whole=False)) if stays else None
            self._judge(command, terminal, self._ended(terminal, enough))

    def _repeat(self, command: Command, terminal: Terminal) -> None:
        deadline = time.monotonic() + self._repeats
        while True:
            self._require_prompt(command, terminal)
            terminal.send(command.text)
            output = self._ended(terminal)
            if (terminal.exit_code == 0 and _shows(command.expected, output)) or time.monotonic() > deadline:
                return self._judge(command, terminal, output)
            time.sleep(10 * LOOK_EVERY_SECONDS)

    def _interrupt(self, command: Command, terminal: Terminal) -> None:
        terminal.output()
        if terminal.exit_code is not None:
            raise self._failure(command, f"nothing runs in this terminal: it ended with {terminal.exit_code}", "")
        terminal.interrupt()
        output = self._ended(terminal)
        if terminal.exit_code not in INTERRUPTED:
            raise self._failure(command, f"it ended with exit code {terminal.exit_code}", output)
        if command.expected and not _shows(command.expected, output):
            raise self._failure(command, "it printed something else", output)

    def _judge(self, command: Command, terminal: Terminal, output: str) -> None:
        code = terminal.exit_code
        if command.mark is Mark.STAYS and code is not None:
            raise self._failure(command, f"it should keep running and ended with exit code {code}", output)
        if command.mark is not Mark.STAYS and code is None:
            raise self._failure(command, f"it has not ended after {self._patience:g} s", output)
        if command.mark is Mark.FAILS and code == 0:
            raise self._failure(command, "it should fail and ended well", output)
        if command.mark in (Mark.NONE, Mark.REPEAT) and code != 0:
            raise self._failure(command, f"it ended with exit code {code}", output)
        if not _shows(command.expected, output, whole=command.mark is not Mark.STAYS):
            raise self._failure(command, "it printed something else", output)

    def _ended(self, terminal: Terminal, enough: Callable[[str], bool] | None = None) -> str:
        """What it printed until it ended, until `enough`, or until patience does."""
        deadline = time.monotonic() + self._patience
        while True:
            output = terminal.output()
            if terminal.exit_code is not None or time.monotonic() > deadline or (enough and enough(output)):
                return output
            time.sleep(LOOK_EVERY_SECONDS)

    def _require_prompt(self, command: Command, terminal: Terminal) -> None:
        """What kept running in this terminal must have been killed by an earlier step of the guide."""
        if terminal.exit_code is not None:
            return
        output = self._ended(terminal)
        if terminal.exit_code != KILLED:
            state = "still runs" if terminal.exit_code is None else f"ended by itself with {terminal.exit_code}"
            raise self._failure(command, f"the command before it in this terminal {state}", output)

    def _terminal(self, name: str) -> Terminal:
        """A new one opens in the folder of the one used last, as terminals do."""
        if name not in self._terminals:
            cwd = self._last.cwd if self._last else self._scratch
            self._terminals[name] = Terminal(name, cwd, self._scratch, self._env)
        return self._terminals[name]

    def _expect_nothing_left(self) -> None:
        deadline = time.monotonic() + min(10, self._patience)
        while True:
            left = [process for terminal in self._terminals.values() for process in terminal.running()]
            if not left:
                return
            if time.monotonic() > deadline:
                names = "; ".join(" ".join(process.cmdline()) for process in left)
                raise GuideFailed(f"{self._guide.name} ends, and this still runs: {names}")
            time.sleep(LOOK_EVERY_SECONDS)

    def _failure(self, command: Command, reason: str, output: str) -> GuideFailed:
        first = command.text.partition("\n")[0]
        shown = difflib.unified_diff(
            command.expected, output.splitlines(), "the guide shows", "it printed", lineterm="", n=50
        )
        return GuideFailed("\n".join([f"{self._guide.name}:{command.line}: `{first}`: {reason}", *shown, ""]))


def _shows(expected: Sequence[str], output: str, *, whole: bool = True) -> bool:
    """Whether the output is what is shown, or begins so; `...` is any text in a line, or any lines."""
    lines = [line.rstrip() for line in output.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    pattern = "".join(_line_pattern(line.rstrip()) for line in expected)
    text = "".join(f"{line}\n" for line in lines)
    return bool((re.fullmatch if whole else re.match)(pattern, text))


def _line_pattern(line: str) -> str:
    if line.strip() == "...":
        return r"(?:.*\n)*?"
    return ".*".join(map(re.escape, line.split("..."))) + r"\n"
