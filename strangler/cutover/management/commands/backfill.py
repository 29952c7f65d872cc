"""`manage.py backfill`: tell a consumer group of the rows that were there before it was."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from threading import Event
from typing import Any

from django.core.management.base import CommandError

from strangler.commands import KitCommand
from strangler.conf import settings
from strangler.cutover.backfilling.audience import Audience, asked, audience_of
from strangler.cutover.backfilling.declaring import Backfill, backfills, find
from strangler.cutover.backfilling.progress import Shown, figures, line
from strangler.cutover.backfilling.running import Running
from strangler.cutover.models import BackfillRun
from strangler.stopping import stop_on_signals

DEFAULT_RATE = 1_000
"""Rows per second: a million in 17 minutes, and well below what one relay carries."""
_Told = tuple[Backfill[Any], Audience]


class Command(KitCommand):
    help = (
        "Publish the present state of existing rows as events for one consumer group, in order with live ones. Goes on "
        "where it was, whatever ended it; SIGTERM and SIGINT end it after the rows in hand, with exit code 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("group", nargs="?", metavar="GROUP", help="the consumer group that is told")
        parser.add_argument("names", nargs="*", metavar="NAME", help="such as orders.orders; without: all it needs")
        rate = f"rows per second at most (default: {DEFAULT_RATE}); 0: as fast as the outbox empties"
        parser.add_argument("--rate", type=int, default=DEFAULT_RATE, metavar="N", help=rate)
        parser.add_argument("--restart", action="store_true", help="tell everything again, from the first row")
        parser.add_argument("--status", action="store_true", help="only say how far each has come")

    def handle(self, *args: Any, **options: Any) -> None:
        group, names = options["group"], options["names"]
        if options["status"]:
            self._status(group, names)
            return
        if not group:
            raise CommandError("GROUP is needed: the consumer group that is told")
        if options["rate"] < 0:
            raise CommandError(f"--rate {options['rate']}: give rows per second, or 0 for as many as can be")
        everything = _named(group, names) if names else _needed(group)
        with stop_on_signals() as stop:
            for told, audience in everything:
                self._tell(told, audience, stop, options)

    def _tell(self, told: Backfill[Any], audience: Audience, stop: Event, options: dict[str, Any]) -> None:
        shown = Shown(self.stdout)
        running = Running(told, audience, rate=options["rate"], restart=options["restart"], stop=stop, progress=shown)
        try:
            running.run()
        finally:
            shown.end()
        state = running.state
        if state is None or state.finished_at is None:
            done = f": {figures(state)} are told" if state else ""
            raise CommandError(f"{told.name} was stopped{done}; run the command again to go on", returncode=1)

    def _status(self, group: str | None, names: Sequence[str]) -> None:
        runs = BackfillRun.objects.all()
        chosen = [run for run in runs if group in (None, run.group) and (not names or run.name in names)]
        for run in chosen:
            self.stdout.write(_status(run))
        if not chosen:
            self.stdout.write("nothing was ever told")


def _named(group: str, names: Sequence[str]) -> list[_Told]:
    chosen = [find(name) for name in names]
    return [(told, audience_of(group, told.context)) for told in chosen]


def _needed(group: str) -> list[_Told]:
    """What `SERVICES` says of the group's service; else everything of which the group takes something."""
    served = [name for each in settings.services.values() if group in each.groups for name in each.backfills]
    if served:
        return _named(group, list(dict.fromkeys(served)))
    audiences = {context: asked(group, context) for context in sorted({told.context for told in backfills.values()})}
    wanted = [(told, audiences[told.context]) for _, told in sorted(backfills.items())]
    found = [(told, audience) for told, audience in wanted if audience is not None]
    return found or _named(group, sorted(backfills)[:1] or ["of any kind"])  # raises, and says why


def _status(run: BackfillRun) -> str:
    told = backfills.get(run.name)
    newer = f"; the code has version {told.version} now" if told is not None and told.version != run.version else ""
    return line(run) + newer
