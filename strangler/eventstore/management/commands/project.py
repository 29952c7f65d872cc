"""`manage.py project`: gives projections what their streams have recorded."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from threading import Event
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from strangler.commands import KitCommand
from strangler.errors import ProjectionFailed
from strangler.eventstore import standing
from strangler.eventstore.databases import database
from strangler.eventstore.progress import Shown
from strangler.eventstore.projecting import Projection
from strangler.eventstore.projector import Projector
from strangler.eventstore.registry import projections
from strangler.eventstore.restoring import take_over
from strangler.eventstore.working import ProjectionWorker, bring_up_to_date
from strangler.stopping import stop_on_signals


class Command(KitCommand):
    help = (
        "Bring projections up to date with their streams. As many as you like at once; SIGTERM and SIGINT end it after "
        "the batch in hand, and whatever ended it, the next one goes on where it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="such as ledger; without: all of them")
        parser.add_argument("--follow", action="store_true", help="go on until SIGTERM or SIGINT")
        parser.add_argument("--rebuild", action="store_true", help="empty them and begin with the first event")
        restored = "once after a dump was restored into another database server, while nobody appends"
        parser.add_argument("--restored", action="store_true", help=restored)
        parser.add_argument("--status", action="store_true", help="only say how far each has come")

    def handle(self, *args: Any, **options: Any) -> None:
        names = options["names"]
        if options["restored"]:
            self.stdout.write(
                f"{take_over(using=database()):,} events were of another database server, and are of this one now"
            )
            return
        if options["status"]:
            self._status(names)
            return
        if options["rebuild"] and not names:
            raise CommandError("--rebuild empties projections: name those that are meant")
        chosen = projections.named(*names)
        if not chosen:
            raise CommandError("there is no projection here: declare one in the projections.py of an installed app")
        with stop_on_signals() as stop:
            if options["rebuild"]:
                self._begin_anew(chosen)
            if options["follow"]:
                ProjectionWorker(chosen, using=database(), stop=stop).run()
            else:
                self._once(chosen, stop)

    def _begin_anew(self, chosen: Sequence[Projection]) -> None:
        for projection in chosen:
            Projector(projection, using=database()).begin_anew()
            self.stdout.write(f"{projection.name}: emptied, begins with the first event")

    def _once(self, chosen: Sequence[Projection], stop: Event) -> None:
        shown = Shown(self.stdout)
        failures = []
        for projection in chosen:
            projector = Projector(projection, using=database())
            try:
                bring_up_to_date(projector, stop=stop, moved=shown.moved)
            except ProjectionFailed as failed:
                failures.append(str(failed))
            shown.ended(projector)
        if reason := standing.held_up(database()):
            self.stdout.write(reason)
        if failures:
            raise CommandError("\n".join(failures))
        if stop.is_set():
            raise CommandError("stopped; run the command again to go on", returncode=1)

    def _status(self, names: Sequence[str]) -> None:
        declared = {projection.name for projection in projections.named(*names)}
        shown = standing.checkpoints().using(database())
        for checkpoint in shown.filter(name__in=names) if names else shown:
            code = "" if checkpoint.name in declared else " (no code here)"
            self.stdout.write(f"{checkpoint.name}{code}: {standing.told(checkpoint, now=timezone.now())}")
        for name in sorted(declared - set(shown.values_list("name", flat=True))):
            self.stdout.write(f"{name}: was never given anything; run `manage.py project {name}`")
        if reason := standing.held_up(database()):
            self.stdout.write(reason)
