"""`make demo` as its user meets it: a real run, and runs that end otherwise than planned."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import until

PROJECT = Path(__file__).resolve().parents[2]
MARK = "STRANGLER_DEMO_TEST"
UNDER_WAY = "orders come in over the API"


class Demo:
    """A demo in a folder of its own. All its processes inherit a mark in their environment, by which they are found."""

    def __init__(self) -> None:
        self.name = f"test{uuid.uuid4().hex[:12]}"
        self.folder = PROJECT / ".local" / f"demo-{self.name}"
        self.output_file = PROJECT / ".local" / f"demo-{self.name}.txt"
        self.popen: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "devstack.demo", "--once", "--name", self.name, "--seed", "1", *arguments]
        self.output_file.parent.mkdir(exist_ok=True)
        with self.output_file.open("wb") as output:
            self.popen = subprocess.Popen(
                command,
                cwd=PROJECT,
                env={**os.environ, MARK: self.name},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return self.popen

    def start_and_wait_for(self, text: str, *arguments: str) -> subprocess.Popen[bytes]:
        demo = self.start(*arguments)
        until(lambda: text in self.output or demo.poll() is not None, f"{text!r} in the output", seconds=120)
        assert demo.poll() is None, self.output
        return demo

    @property
    def output(self) -> str:
        return self.output_file.read_text(encoding="utf-8", errors="replace")

    def processes(self) -> list[psutil.Process]:
        """What runs on its behalf now, the demo itself included."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == self.name:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def process(self, text: str) -> psutil.Process:
        [found] = [process for process in self.processes() if text in " ".join(process.cmdline())]
        return found

    def clean_up(self) -> None:
        for process in self.processes():
            process.kill()
        if self.popen:
            self.popen.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.with_name(f"{self.folder.name}.lock").unlink(missing_ok=True)
        self.output_file.unlink(missing_ok=True)


@pytest.fixture
def demo() -> Iterator[Demo]:
    demo = Demo()
    yield demo
    demo.clean_up()


@pytest.mark.timeout(300)
def test_every_event_is_handled_exactly_once_although_relay_and_consumer_are_killed(demo: Demo) -> None:
    assert demo.start("--orders", "8").wait(timeout=280) == 0, demo.output
    assert "Every event was handled exactly once" in demo.output
    assert "✗" not in demo.output
    assert demo.output.count("!! kill -9") == 5
    assert demo.processes() == []


def test_a_demo_that_is_killed_itself_leaves_no_process(demo: Demo) -> None:
    demo.start_and_wait_for(UNDER_WAY, "--relay", "polling").kill()
    until(lambda: demo.processes() == [], "the end of everything the demo had started", seconds=30)


def test_ctrl_c_stops_everything_and_the_folder_can_be_used_again(demo: Demo) -> None:
    running = demo.start_and_wait_for(UNDER_WAY, "--relay", "polling")
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=60) == 128 + signal.SIGINT, demo.output
    assert demo.processes() == []
    second = demo.start_and_wait_for(UNDER_WAY, "--relay", "polling")
    second.terminate()
    assert second.wait(timeout=60) == 128 + signal.SIGTERM, demo.output


def test_a_process_that_nobody_killed_on_purpose_fails_the_demo_with_the_end_of_its_log(demo: Demo) -> None:
    running = demo.start_and_wait_for(UNDER_WAY, "--relay", "polling", "--orders", "1000")
    demo.process("deliver_emails").kill()
    assert running.wait(timeout=60) == 1
    assert "mailer ended by itself with exit code -9" in demo.output
    assert "end of" in demo.output


def test_a_second_demo_in_the_same_folder_is_refused(demo: Demo) -> None:
    running = demo.start_and_wait_for("PostgreSQL", "--relay", "polling")
    second = subprocess.run(
        [sys.executable, "-m", "devstack.demo", "--name", demo.name],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert f"another demo runs in {demo.folder} (pid {running.pid})" in second.stdout
    assert running.poll() is None
