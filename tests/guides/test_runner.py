"""The runner notices: a guide that is wrong in any of these ways does not pass."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.guides.guide import BadGuide
from tests.guides.runner import GuideFailed, Reader
from tests.guides.terminal import Terminal

GOOD = """\
# A tiny guide

```console
$ fruit=apple
$ mkdir shop && cd shop
```

```python
# file: hello.py
import sys

print("hello", *sys.argv[1:])
```

```python
# at the end of: hello.py
print("bye")
```

```console
$ python3 hello.py $fruit
hello apple
bye
$ python3 hello.py 1 2 \\
>   3
hello 1 ...
...
$ python3 -c 'raise SystemExit("no such fruit")'  # fails
no such fruit
cat$ echo ready; sleep 30  # keeps running
ready
$ date +%s > now; (sleep 0.3; echo late > later) &
$ cat later  # repeat until it shows this
late
cat$ ^C
cat$ basename $PWD
shop
$ sleep 30 & victim=$!
$ kill -9 $victim; wait $victim  # fails
...
```
"""


def follow(text: str, folder: Path, env: dict[str, str], *, patience: float = 3) -> list[int]:
    guide = folder / "00-tiny.md"
    guide.write_text(text)
    reader = Reader(guide, folder, env, patience=patience, repeats=1)
    reader.follow()
    return reader.done


def test_a_good_guide_passes_and_every_console_block_of_it_was_run(folder: Path, env: dict[str, str]) -> None:
    assert follow(GOOD, folder, env, patience=60) == [3, 20]


def test_what_arrives_between_two_looks_at_a_terminal_is_judged_with_the_rest(
    folder: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter(["", "ready\n"])
    monkeypatch.setattr(Terminal, "output", lambda _: next(looks, "ready\n"))
    with pytest.raises(GuideFailed, match=r"still runs"):  # nobody interrupts it; it was as the guide shows it
        follow("```console\n$ echo ready; sleep 30  # keeps running\nready\n```\n", folder, env)


def test_ctrl_c_is_heard_also_where_the_test_run_itself_ignores_it(folder: Path, env: dict[str, str]) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does to what it starts in the background
    try:
        follow("```console\n$ echo ready; sleep 100  # keeps running\nready\n$ ^C\n```\n", folder, env, patience=20)
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_is_not_as_shown_is_told_with_guide_line_and_difference(folder: Path, env: dict[str, str]) -> None:
    with pytest.raises(GuideFailed, match=r"00-tiny\.md:21: .*something else(?s:.*)-hello pear\n\+hello apple"):
        follow(GOOD.replace("hello apple", "hello pear"), folder, env)


@pytest.mark.parametrize(
    ("commands", "complaint"),
    [
        ("$ false", r":2: `false`: it ended with exit code 1"),
        ("$ true  # fails", r":2: .*it should fail and ended well"),
        ("$ echo one; echo two\none", r"\+two"),
        ("$ echo one\none\n...\nthree", r"-three"),
        ("$ echo unasked", r"\+unasked"),
        ("$ sleep 30", r"it has not ended after 3 s"),
        ("$ echo 'never closed", r"it ended with exit code 2"),
        ("$ sleep 0.1  # keeps running\nready", r"it should keep running and ended with exit code 0"),
        ("$ cat nowhere  # repeat until it shows this\n...", r"it ended with exit code 1"),
        ("$ echo no  # repeat until it shows this\nyes", r"-yes"),
        ("$ ^C", r"nothing runs in this terminal"),
        ("a$ sleep 30  # keeps running\na$ true", r"the command before it in this terminal still runs"),
        ("$ sleep 30 &", r"00-tiny\.md ends, and this still runs: sleep 30"),
    ],
)
def test_a_broken_guide_fails(commands: str, complaint: str, folder: Path, env: dict[str, str]) -> None:
    with pytest.raises(GuideFailed, match=complaint):
        follow(f"```console\n{commands}\n```\n", folder, env)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```bash\nls\n```\n", r":1: a block is one of console, python, text, not '```bash'"),
        ("```console ignore\n$ ls\n```\n", r":1: a block is one of"),
        ("```python\nprint()\n```\n", r":1: python that nobody runs"),
        ("```console\nls\n```\n", r":2: output without a command"),
        ("```console\n```\n", r":1: a console block without a command"),
        ("```console\n$ ls\n", r":1: this block does not end"),
    ],
)
def test_a_block_that_nobody_could_run_is_refused(text: str, complaint: str, folder: Path, env: dict[str, str]) -> None:
    with pytest.raises(BadGuide, match=complaint):
        follow(text, folder, env)
