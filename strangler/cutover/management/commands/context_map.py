"""`manage.py context_map`: what holds the contexts of this monolith together, and which of them nobody needs."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from strangler.commands import KitCommand
from strangler.cutover.mapping import Context, Tie, context_map
from strangler.cutover.mapping.picture import svg


class Command(KitCommand):
    help = "List the project's apps, those first whose tables the fewest others need, with every tie between them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--context", help="only this app's, each tie with its place")
        parser.add_argument("--svg", type=Path, metavar="FILE", help="write the map as a picture")

    def handle(self, *args: Any, **options: Any) -> None:
        contexts = context_map()
        if options["svg"]:
            self._draw(contexts, options["svg"])
        elif options["context"]:
            self._show_one(contexts, options["context"])
        else:
            for context in contexts:
                self._show(context)

    def _draw(self, contexts: list[Context], file: Path) -> None:
        try:
            file.write_text(svg(contexts), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"--svg {file}: {error.strerror}") from error
        self.stdout.write(f"{file}: {len(contexts)} contexts")

    def _show(self, context: Context) -> None:
        self.stdout.write(f"{context.label}: {_count(context.tables, 'table')}, {_count(context.events, 'event')}")
        self.stdout.write(f"    needed by {_by(tie.source for tie in context.incoming)}")
        self.stdout.write(f"    needs {_by(tie.target for tie in context.outgoing)}")

    def _show_one(self, contexts: list[Context], label: str) -> None:
        known = {context.label: context for context in contexts}
        if label not in known:
            raise CommandError(f"--context {label}: there is no such app (apps here: {', '.join(sorted(known))})")
        self._show(known[label])
        for tie in (*known[label].incoming, *known[label].outgoing):
            self.stdout.write(f"    {_told(tie)}")


def _by(labels: Iterable[str]) -> str:
    counted = sorted(Counter(labels).items())
    return ", ".join(f"{label} ({places})" for label, places in counted) or "nobody"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _told(tie: Tie) -> str:
    return f"{tie.source} → {tie.target}: {tie.kind} {tie.place}"
