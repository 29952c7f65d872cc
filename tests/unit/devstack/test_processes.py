"""Supervised processes, real."""

import os
import signal
import sys
import threading
from pathlib import Path

import psutil
import pytest

from devstack.processes import ManagedProcess, ProcessFailed, WaitTimeout, wait_for
from devstack.runfile import RunFile
from devstack.stop import stop_all
from tests.unit.devstack.conftest import Owner, wait_until_gone

WITH_A_CHILD = (
    "import subprocess, sys, time; c = subprocess.Popen(['sleep', '600']); print(c.pid, flush=True); c.wait()"
)
UP_AND_WAITING = "print('up', flush=True)\nsignal.pause()"


def python(name: str, source: str, folder: Path, **options: object) -> ManagedProcess:
    return ManagedProcess(name, [sys.executable, "-c", source], log=folder / f"{name}.log", **options)  # type: ignore[arg-type]


def child_of(process: ManagedProcess) -> psutil.Process:
    return psutil.Process(int(process.wait_for(lambda: process.log.read_text().strip(), 10, "pid of its child")))


def test_output_goes_to_the_log_and_the_environment_is_laid_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMOVED", "x")
    monkeypatch.setenv("INHERITED", "yes")
    source = "import os, sys; print(*map(os.environ.get, ['REMOVED', 'INHERITED', 'ADDED']), file=sys.stderr)"
    process = python("env", source, tmp_path, env={"REMOVED": None, "ADDED": "too"}).start()
    assert process.wait(10) == 0
    assert process.log.read_text() == "None yes too\n"


def test_the_pid_is_that_of_the_program_itself_and_leads_its_group(tmp_path: Path) -> None:
    process = python("pid", "import os; print(os.getpid(), os.getpgrp())", tmp_path).start()
    process.wait(10)
    assert process.log.read_text().split() == [str(process.pid)] * 2


def test_kill_9_takes_the_children_along(tmp_path: Path) -> None:
    process = python("parent", WITH_A_CHILD, tmp_path).start()
    child = child_of(process)
    process.kill_9()
    wait_until_gone([child])
    assert process.returncode == -signal.SIGKILL


def test_terminate_lets_a_program_clean_up(tmp_path: Path) -> None:
    source = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n" + UP_AND_WAITING
    process = python("polite", source, tmp_path).start()
    process.wait_for(lambda: "up" in process.tail(), 10, "its handler")
    assert process.terminate() == 7


def test_terminate_kills_what_does_not_listen(tmp_path: Path) -> None:
    source = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + UP_AND_WAITING
    process = python("deaf", source, tmp_path).start()
    process.wait_for(lambda: "up" in process.tail(), 10, "its handler")
    assert process.terminate(timeout=0.2) == -signal.SIGKILL


def test_a_killed_program_can_be_started_again(tmp_path: Path) -> None:
    process = ManagedProcess("sleeper", ["sleep", "600"], log=tmp_path / "log").start()
    first = process.pid
    process.kill_9()
    assert process.start().pid != first
    process.kill_9()


def test_nothing_is_left_when_the_owner_is_killed(tmp_path: Path) -> None:
    program = "from devstack.processes import ManagedProcess\n"
    program += f"print(ManagedProcess('sleeper', ['sleep', '600'], log=Path({str(tmp_path / 'log')!r})).start().pid)"
    owner = Owner(program)
    process = owner.started()
    owner.kill_9()
    wait_until_gone([process])


def test_nothing_is_left_when_the_owner_ends_without_stopping_anything(tmp_path: Path) -> None:
    program = "from devstack.processes import ManagedProcess\n"
    program += f"print(ManagedProcess('sleeper', ['sleep', '600'], log=Path({str(tmp_path / 'log')!r})).start().pid)\n"
    owner = Owner(program + "sys.stdout.flush()\nsys.exit()")
    output, _ = owner.popen.communicate(timeout=30)
    assert not psutil.pid_exists(int(output))


def test_waiting_for_a_program_that_died_says_so_at_once_with_its_last_words(tmp_path: Path) -> None:
    process = python("shop", "import sys; sys.exit('no such database: shop')", tmp_path).start()
    with pytest.raises(WaitTimeout) as caught:
        process.wait_for(lambda: False, 60, "answers on /health")
    message = str(caught.value)
    assert "shop: answers on /health: it ended with exit code 1" in message
    assert "no such database: shop" in message


def test_a_wait_in_vain_names_what_was_waited_for(tmp_path: Path) -> None:
    log = tmp_path / "relay.log"
    log.write_text("connection refused\n")
    with pytest.raises(WaitTimeout, match=r"(?s)the first event: gave up after 0.05 s.*connection refused"):
        wait_for(lambda: False, 0.05, "the first event", log=log)


def test_waiting_returns_the_first_true_answer() -> None:
    answers = iter([None, "", [], "there"])
    assert wait_for(lambda: next(answers), 5, "an answer") == "there"


def test_a_program_that_does_not_exist_says_so_in_the_log(tmp_path: Path) -> None:
    process = ManagedProcess("typo", ["no-such-program"], log=tmp_path / "log").start()
    assert process.wait(10) != 0
    assert "cannot run no-such-program" in process.tail()


def test_a_process_that_was_not_started_has_no_pid(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match=r"relay has not been started: call start\(\) first"):
        _ = ManagedProcess("relay", ["true"], log=tmp_path / "log").pid


def test_stop_ends_what_an_owner_left_and_only_that(tmp_path: Path) -> None:
    run_file = RunFile(tmp_path / "deep" / "run" / "sleeper.pid")
    process = ManagedProcess("sleeper", ["sleep", "600"], log=tmp_path / "log", run_file=run_file).start()
    stale = RunFile(tmp_path / "run" / "stale.pid")
    stale.write(os.getpid(), signal.SIGKILL)
    stale.path.write_text(stale.path.read_text().replace('"created": ', '"created": 1'))  # the pid was reused
    assert stop_all(tmp_path) == ["sleeper"]
    assert process.wait(10) == -signal.SIGTERM
    assert not run_file.path.exists()


def test_processes_start_from_many_threads_at_once(tmp_path: Path) -> None:
    processes = [ManagedProcess(f"p{n}", ["sleep", "600"], log=tmp_path / f"{n}.log") for n in range(5)]
    threads = [threading.Thread(target=process.start) for process in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({process.pid for process in processes}) == 5
    for process in processes:
        assert process.running
        process.kill_9()
