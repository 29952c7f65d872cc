"""`manage.py parity`: do a service's tables say what the monolith's say, and if not, where?"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError

from strangler.commands import KitCommand
from strangler.cutover.parity.comparing import Kind, Outcome, compare
from strangler.cutover.parity.declared import Parity, chosen
from strangler.cutover.parity.repair import require_repairable, tell_again
from strangler.cutover.parity.store import record
from strangler.cutover.parity.telling import Meter, advice, lines, mismatches, summary


class Command(KitCommand):
    help = "Compare the monolith's rows with a service's by checksums; exits 1 where they differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("context", help='the service, as STRANGLER["SERVICES"] calls it')
        parser.add_argument("names", nargs="*", help="what to compare (default: all that is declared)")
        parser.add_argument("--repair", action="store_true", help="tell again, by events, what is wrong or missing")
        parser.add_argument(
            "--grace", type=float, default=2.0, help="seconds for what is on its way, before the first of several looks"
        )
        parser.add_argument(
            "--limit", type=int, default=10_000, help="stop at so many rows that differ (default: 10000)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["grace"] < 0:
            raise CommandError(f"--grace {options['grace']}: give a number of seconds from 0")
        if options["limit"] < 1:
            raise CommandError(f"--limit {options['limit']}: give a whole number from 1")
        wanted = chosen(options["context"], options["names"])
        if options["repair"]:
            for declared in _to_repair(wanted, named=bool(options["names"])):
                require_repairable(declared)
        found = [self._compare(declared, options) for declared in wanted]
        wrong, unfinished = sum(outcome.mismatches for outcome in found), not all(outcome.complete for outcome in found)
        if wrong or unfinished:
            raise CommandError(f"{options['context']}: {mismatches(wrong)}{' or more' if unfinished else ''}")

    def _compare(self, declared: Parity, options: dict[str, Any]) -> Outcome:
        title = f"{declared.context}.{declared.name}"
        meter = Meter(self.stdout, title)
        outcome = compare(declared, grace=options["grace"], limit=options["limit"], progress=meter.compared)
        meter.end()
        record(declared.context, declared.name, outcome)
        self.stdout.write(f"{title}: {summary(outcome)}")
        for line in lines(outcome):
            self.stdout.write(f"  {line}")
        told = self._repair(declared, outcome) if options["repair"] and declared.backfill else None
        for line in advice(declared, outcome, told):
            self.stdout.write(f"  {line}")
        return outcome

    def _repair(self, declared: Parity, outcome: Outcome) -> dict[str, int]:
        wrong = outcome.keys[Kind.DIFFERENT] + outcome.keys[Kind.MISSING]
        return tell_again(declared, wrong) if wrong else {}


def _to_repair(wanted: Sequence[Parity], *, named: bool) -> Sequence[Parity]:
    """Of all that is declared, what has a backfill. What a person names, or where none has one, is held to that."""
    mendable = [declared for declared in wanted if declared.backfill]
    return wanted if named or not mendable else mendable
