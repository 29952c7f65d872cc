"""Faults by a seeded schedule on the real shop under load; exit code 0 only when nothing was lost or doubled."""

import argparse
import random
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import psycopg
from rich.console import Console

from devstack.chaos.checks import judge
from devstack.chaos.report import Report
from devstack.chaos.run import Run
from devstack.chaos.schedule import schedule
from devstack.chaos.world import World
from devstack.processes import ProcessFailed, WaitTimeout
from devstack.shop.errors import CannotGoOn, Interrupted
from devstack.shop.interrupts import ignore_signals, raise_on_signals
from devstack.shop.steps import Steps
from devstack.shop.workspace import workspace_in
from devstack.unprivileged import NoUnprivilegedUser

BROKERS = ("pgmq", "rabbitmq", "kafka")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    console = Console()
    raise_on_signals()
    try:
        return 0 if _chaos(options, console) else 1
    except Interrupted as interruption:
        return 128 + interruption.number
    except (CannotGoOn, ProcessFailed, WaitTimeout, NoUnprivilegedUser, psycopg.Error) as error:
        console.print(f"The run cannot go on: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
        console.print(_again(options), style="red", highlight=False, soft_wrap=True)
        return 1


def _chaos(options: argparse.Namespace, console: Console) -> bool:
    console.print(_again(options), highlight=False, soft_wrap=True)
    with ExitStack() as everything:
        workspace = everything.enter_context(workspace_in(f"chaos/{options.seed}/{options.broker}", "chaos run"))
        workspace.make_anew()
        record = everything.enter_context((workspace.root / "schedule.txt").open("w", encoding="utf-8"))
        tell = _teller(console, lambda line: print(line, file=record, flush=True))
        world = everything.enter_context(World(workspace, options.broker, tell))
        everything.callback(ignore_signals)
        world.start(Steps(console))
        run = Run(world, seed=options.seed, tell=tell)
        evidence = run.go(islice(schedule(options.seed), options.steps), seconds=options.minutes * 60)
        findings = judge(evidence)
    good = all(finding.holds for finding in findings)
    Report(console).all(findings, run.exercised, world)
    if good:
        _forget_data(workspace.root)
        console.print(
            f"Nothing was lost, doubled or made up. Logs: {workspace.root}", style="bold green", soft_wrap=True
        )
    else:
        console.print(f"It does NOT hold: see ✗ above. Evidence: {workspace.root}", style="bold red", soft_wrap=True)
        console.print(_again(options), style="bold red", highlight=False, soft_wrap=True)
    return good


def _teller(console: Console, record: Callable[[str], None]) -> Callable[[str], None]:
    started = time.monotonic()

    def tell(text: str) -> None:
        line = f"{time.monotonic() - started:7.1f} s  {text}"
        record(line)
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    return tell


def _forget_data(root: Path) -> None:
    """Of a good run the logs are enough; the servers' data are hundreds of megabytes."""
    for folder in root.iterdir():
        if (folder / "data").is_dir():
            shutil.rmtree(folder / "data")


def _again(options: argparse.Namespace) -> str:
    return f"make chaos SEED={options.seed} MINUTES={options.minutes:g} BROKER={options.broker}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, metavar="N", help="the same number gives the same schedule (default: any)")
    parser.add_argument("--minutes", type=float, default=2.0, help="how long faults go on (default 2)")
    parser.add_argument("--steps", type=int, metavar="N", help="at most so many of the schedule (default: no limit)")
    parser.add_argument("--broker", choices=BROKERS, default="pgmq", help="default pgmq")
    options = parser.parse_args(arguments)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(10_000)
    return options


if __name__ == "__main__":
    sys.exit(main())
