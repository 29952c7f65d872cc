"""The shop sells, a relay carries its events, a service taken out of it handles them, and `kill -9` gets in the way.

Ends with a verdict: exit code 0 only when every event was handled exactly once.
"""

import argparse
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import psycopg
from rich.console import Console

from devstack.demo.journal import Journal
from devstack.demo.load import Load
from devstack.demo.observer import Observer
from devstack.demo.report import Report
from devstack.demo.screen import screen_for
from devstack.demo.show import Show
from devstack.demo.stack import Stack
from devstack.demo.verdict import judge
from devstack.processes import ProcessFailed, WaitTimeout
from devstack.shop.errors import CannotGoOn, Interrupted
from devstack.shop.interrupts import ignore_signals, raise_on_signals
from devstack.shop.steps import Steps
from devstack.shop.workspace import workspace_in
from devstack.tours import reporting
from devstack.tours.inventory import tour as inventory
from devstack.tours.payments import tour as payments
from devstack.tours.two_sides import BROKERS
from devstack.unprivileged import NoUnprivilegedUser

CHECK_EVERY_SECONDS = 0.5
TWO_SIDED = {"inventory": inventory.play, "payments": payments.play}
"""Tours in which events go both ways, on any broker."""
TOURS = ("reporting", *TWO_SIDED)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal without UTF-8 is no reason to stop
    console = Console()
    raise_on_signals()
    perform = _tour if options.tour else _demo
    try:
        return 0 if perform(options, console) else 1
    except Interrupted as interruption:
        console.print("stopped", style="dim")
        return 128 + interruption.number
    except (CannotGoOn, ProcessFailed, WaitTimeout, NoUnprivilegedUser) as error:
        console.print(f"The demo cannot go on: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
        return 1


def _tour(options: argparse.Namespace, console: Console) -> bool:
    if play := TWO_SIDED.get(options.tour):
        return play(console, _folder(options), options.seed, broker=options.broker, brief=options.brief)
    return reporting.play(console, _folder(options), options.seed)


def _demo(options: argparse.Namespace, console: Console) -> bool:
    started = time.monotonic()
    with ExitStack() as everything:
        workspace = everything.enter_context(workspace_in(_folder(options), "demo"))
        workspace.make_anew()
        stack = everything.enter_context(Stack(workspace, options.relay))
        everything.callback(ignore_signals)  # the first thing at the end: a second Ctrl-C must not leave half behind
        console.print(f"random choices of this run: --seed {options.seed}", style="dim")
        stack.start(Steps(console))
        with _explained_by(stack):
            good = _perform(stack, options, console, started)
        if not options.once:
            _stay(stack, console)
        return good


def _folder(options: argparse.Namespace) -> str:
    return f"demo-{options.name}" if options.name else "demo"


@contextmanager
def _explained_by(stack: Stack) -> Iterator[None]:
    """An answer that did not come is explained by the process that has ended, else by what the shop's log says."""
    try:
        yield
    except (CannotGoOn, psycopg.OperationalError) as error:
        stack.check()
        raise CannotGoOn(f"{error}\n{stack.shop.process.tail()}") from error


def _perform(stack: Stack, options: argparse.Namespace, console: Console, started: float) -> bool:
    journal, report = Journal(), Report(console)
    load = Load(stack.shop_url, journal, password=stack.password, seed=options.seed)
    with Steps(console).step("customers register"):
        load.register()
    with Observer(stack.postgres) as observer, screen_for(console, stack.programs, journal) as screen:
        show = Show(stack, journal, load, screen, observer, seed=options.seed)
        evidence = show.run(options.orders)
    findings = judge(evidence)
    good = all(finding.holds for finding in findings)
    report.findings(findings)
    report.figures(evidence, show.killer.outages)
    report.verdict(good, stack, time.monotonic() - started)
    return good


def _stay(stack: Stack, console: Console) -> None:
    """Until Ctrl-C or SIGTERM, which is how one is meant to leave."""
    Report(console).addresses(stack)
    try:
        while True:
            stack.check()
            time.sleep(CHECK_EVERY_SECONDS)
    except Interrupted:
        console.print("\nstopping ...", style="dim")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo ARGS=...", description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop everything at the end instead of leaving it running")
    parser.add_argument("--orders", type=_positive, default=40, metavar="N", help="before the first kill (default 40)")
    parser.add_argument("--relay", choices=("debezium", "polling"), default="debezium", help="default debezium")
    parser.add_argument("--seed", type=int, metavar="N", help="for the same random choices again")
    parser.add_argument("--name", type=_name, help="write to .local/demo-NAME: lets two run side by side")
    parser.add_argument("--tour", choices=TOURS, help="another journey, which ends by itself: docs/tours.md")
    parser.add_argument(
        "--broker", choices=tuple(BROKERS), default="pgmq", help="of inventory and payments (default pgmq)"
    )
    parser.add_argument("--brief", action="store_true", help="the same two there and back, with fewer stops")
    options = parser.parse_args(arguments)
    if (options.broker != "pgmq" or options.brief) and options.tour not in TWO_SIDED:
        parser.error(f"--broker and --brief are for --tour {' and --tour '.join(TWO_SIDED)}")
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(10_000)
    return options


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _name(text: str) -> str:
    if not re.fullmatch("[a-z0-9]{1,40}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not made of 1 to 40 lower-case letters and digits")
    return text


if __name__ == "__main__":
    sys.exit(main())
