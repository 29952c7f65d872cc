"""`swap`: from the generation that answers to the one that was built beside it, or back."""

import time
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError

from extracted.reporting import generations, readiness, verifying
from extracted.reporting.models import Generation
from strangler.commands import KitCommand

SHOWN, POLL_SECONDS = 5, 0.5


class Command(KitCommand):
    help = "Let the generation that was built beside the one in use answer, once it knows all and counts right."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--back", action="store_true", help="to the one that answered before, as it is")
        parser.add_argument(
            "--within", type=float, default=30.0, metavar="SECONDS", help="how long it may take to catch up (30)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = generations.one_before() if options["back"] else generations.next_to_serve()
        if options["back"]:
            self.stdout.write(f"{chosen} is {readiness.waiting(chosen)} messages behind")
        else:
            self._require_ready(chosen, options["within"])
        serves = generations.serve(chosen)
        self.stdout.write(f"generation {serves.generation} answers now, {serves.previous} is kept: `swap --back`")
        self.stdout.write(f"in the monolith, for gates and repairs: REPORTING_GROUPS={chosen.group}")

    def _require_ready(self, chosen: Generation, within: float) -> None:
        """Raises CommandError with what it still waits for, lacks or counts wrong."""
        deadline = time.monotonic() + within
        faults = readiness.faults(chosen, than=generations.serving().generation)
        while faults and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            faults = readiness.still(faults, chosen, than=generations.serving().generation)
        _refuse(chosen, faults, "Its consumer and the backfill go on; try again, or see whether they run.")
        wrong = verifying.wrong_figures(chosen.number)
        _refuse(chosen, [f"counts wrong: {each}" for each in wrong], "That is a bug: `rebuild` with it mended.")


def _refuse(chosen: Generation, faults: Sequence[str], way_out: str) -> None:
    if faults:
        more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise CommandError(f"{chosen} can't answer yet: {'; '.join(faults[:SHOWN])}{more}. {way_out}")
