"""A guide as a list of things its reader does, one after the other.

```console blocks hold commands and what they print. `shop$` is the terminal called shop, `> ` goes on with the command
above, `^C` is Ctrl-C, and `...` in the output stands for anything. ```python and ```text blocks whose first line is
`# file: PATH` are files; `# at the end of: PATH` adds to one. What a command may do besides ending well is said in a
comment that the reader sees too: see `Mark`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

LANGUAGES = ("console", "python", "text")
INTERRUPT = "^C"
_FENCE = re.compile(r"```(\w*)(.*)")
_PROMPT = re.compile(r"([a-z]*)\$ (.*)")
_NEEDS = re.compile(r"<!-- needs: (.*) -->")
_TITLE = re.compile(r"# (file|at the end of): (\S+)")


class Mark(StrEnum):
    """The comment at the end of a command."""

    NONE = ""
    FAILS = "# fails"
    STAYS = "# keeps running"
    REPEAT = "# repeat until it shows this"


class BadGuide(AssertionError):
    """A block that nobody could run or check."""


@dataclass
class Command:
    line: int
    terminal: str
    text: str
    block: int
    expected: list[str] = field(default_factory=list)

    @property
    def mark(self) -> Mark:
        return next(mark for mark in reversed(Mark) if self.text.rstrip().endswith(mark.value))


@dataclass(frozen=True)
class File:
    line: int
    path: str
    text: str
    adds: bool


Step = Command | File


def read_guide(guide: Path) -> list[Step]:
    """Raises BadGuide naming the line of what is no step."""
    return [step for block in _blocks(guide) for step in _steps(guide, *block)]


def needs_of(guide: Path) -> list[str]:
    """The servers without which nobody can follow it, from a comment that its reader does not see."""
    found = _NEEDS.search(guide.read_text(encoding="utf-8"))
    return found[1].split(", ") if found else []


def _blocks(guide: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Line number of the fence, language and lines of each block."""
    start, language, lines = 0, "", []
    for number, line in enumerate(guide.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.fullmatch(line.strip())
        if start and line.strip() == "```":
            yield start, language, lines
            start = 0
        elif start:
            lines.append(line)
        elif fence:
            start, language, lines = number, fence[1], []
            if language not in LANGUAGES or fence[2].strip():
                raise BadGuide(f"{guide.name}:{number}: a block is one of {', '.join(LANGUAGES)}, not {line.strip()!r}")
    if start:
        raise BadGuide(f"{guide.name}:{start}: this block does not end")


def _steps(guide: Path, start: int, language: str, lines: list[str]) -> list[Step]:
    if language == "console":
        return list(_commands(guide, start, lines))
    title = _TITLE.fullmatch(lines[0]) if lines else None
    if title:
        return [File(start, title[2], "\n".join(lines[1:]).strip("\n") + "\n", adds=title[1] != "file")]
    if language == "python":
        raise BadGuide(f"{guide.name}:{start}: python that nobody runs: begin it with '# file: PATH'")
    return []


def _commands(guide: Path, start: int, lines: list[str]) -> Iterator[Command]:
    command: Command | None = None
    for number, line in enumerate(lines, start=start + 1):
        prompt = _PROMPT.fullmatch(line)
        if prompt:
            if command:
                yield command
            command = Command(number, prompt[1], prompt[2], start)
        elif command is None:
            raise BadGuide(f"{guide.name}:{number}: output without a command")
        elif line.startswith("> ") and not command.expected:
            command.text += "\n" + line.removeprefix("> ")
        else:
            command.expected.append(line)
    if command is None:
        raise BadGuide(f"{guide.name}:{start}: a console block without a command")
    yield command
