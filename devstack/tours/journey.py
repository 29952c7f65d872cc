"""What all tours are made of: steps that are shown, stages that move through their gates, claims with what faults them.

A tour ends with a verdict: it is good only when every claim of it holds.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

from rich.console import Console

from devstack.processes import ProcessFailed
from devstack.shop.finding import Finding, show
from devstack.shop.interrupts import ignore_signals
from devstack.shop.steps import Steps
from devstack.shop.workspace import Workspace, workspace_in
from devstack.tours.running import TourStack

PATIENCE_SECONDS = 120.0
S = TypeVar("S", bound=TourStack)


def play(
    console: Console,
    folder: str,
    seed: int,
    *,
    make_stack: Callable[[Workspace], S],
    run: Callable[[S, Steps], list[Finding]],
    good_end: str,
) -> bool:
    """Whether all that the tour claims held. Raises CannotGoOn, ProcessFailed."""
    started = time.monotonic()
    with ExitStack() as everything:
        workspace = everything.enter_context(workspace_in(folder, "demo"))
        workspace.make_anew()
        stack = everything.enter_context(make_stack(workspace))
        everything.callback(ignore_signals)  # the first thing at the end: a second Ctrl-C must not leave half behind
        console.print(f"random choices of this run: --seed {seed}", style="dim")
        findings = run(stack, Steps(console))
    console.print()
    show(findings, console)
    good = all(finding.holds for finding in findings)
    seconds = f"({time.monotonic() - started:.0f} s)"
    if good:
        console.print(f"\n{good_end} {seconds}", style="bold green")
    else:
        console.print(f"\nNOT all of it held: see ✗ above. {seconds}\n  {stack.folders}", style="bold red")
    return good


class Journey:
    """Of one context. `check` raises when something ended that nobody has killed."""

    CONTEXT: str

    def __init__(self, stack: TourStack, console: Console) -> None:
        self._stack = stack
        self._console = console
        self._steps = Steps(console)
        self._findings: list[Finding] = []
        self._said = ""

    def _check(self) -> None:
        self._stack.check()

    def _move(self, stage: str, why: str, *options: str, context: str = "") -> str:
        """Through the gates, as soon as they open. Returns what the command said of them."""
        wanted = [context or self.CONTEXT, stage, *options]
        shown = " ".join(wanted)
        with self._steps.step(f"manage.py stage {shown}: {why}"):
            self._until(lambda: self._passes(*wanted, "--reason", why), f"the gates before {shown}")
        return self._said

    def _passes(self, *arguments: str) -> bool:
        """False where a gate is shut, which may open. Raises ProcessFailed for any other refusal."""
        try:
            self._said = self._stack.shop_manage("stage", *arguments)
        except ProcessFailed as refusal:
            if "FAILS" not in str(refusal):
                raise
            return False
        return True

    def _refused(self, stage: str, *options: str) -> str:
        """The last line of what stands in the way; empty where nothing does."""
        try:
            self._stack.shop_manage("stage", self.CONTEXT, stage, *options, "--reason", "the tour", "--dry-run")
        except ProcessFailed as refusal:
            lines = [line for line in str(refusal).splitlines() if "FAILS" in line]
            return lines[-1].strip() if lines else str(refusal)
        return ""

    def _until(self, reached: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not reached():
            self._check()
            if time.monotonic() > until:
                raise ProcessFailed(f"waited {PATIENCE_SECONDS:.0f} s in vain for {what}\n  {self._stack.folders}")
            time.sleep(0.2)

    def _claim(self, claim: str, faults: list[str]) -> None:
        self._findings.append(Finding(claim, list(faults)))

    def _say(self, text: str) -> None:
        self._console.print(f"    {text}", style="dim", highlight=False, markup=False, soft_wrap=True)
