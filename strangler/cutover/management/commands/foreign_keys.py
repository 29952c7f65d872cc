"""`manage.py foreign_keys`: what ties a context's tables to the others', in the models and in the database."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core.management.base import CommandError
from django.db import connections

from strangler.commands import KitCommand
from strangler.cutover.severing.border import Crossing, crossings
from strangler.cutover.severing.dangling import dangling
from strangler.cutover.severing.soft import Soft, soft_references


class Command(KitCommand):
    help = (
        "List the foreign keys that cross the border of a context, in and out, with the constraints that the database "
        'holds, and the soft references of STRANGLER["SOFT_REFERENCES"].'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("context", help="an app's label")
        parser.add_argument("--check", action="store_true", help="exit 1 while a foreign key leads into the context")
        parser.add_argument(
            "--dangling", action="store_true", help="count references to nothing; exit 1 if there are any"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        context = options["context"]
        labels = sorted(config.label for config in apps.get_app_configs() if config.models_module is not None)
        if context not in labels:
            raise CommandError(f"{context}: there is no such app with models (apps here: {', '.join(labels)})")
        found = crossings(context)
        softs = [soft for soft in soft_references() if context in soft.contexts]
        inward = [each for each in found if each.inward]
        self._list(f"into {context}", inward)
        self._list(f"out of {context}", [each for each in found if not each.inward])
        self._list("soft", softs)
        wrong = [f"foreign keys that lead into {context}: {len(inward)}"] if options["check"] and inward else []
        if options["dangling"] and (rows := self._count(found, softs)):
            wrong.append(f"references that dangle: {rows:,}")
        if wrong:
            raise CommandError("; ".join(wrong), returncode=1)

    def _list(self, title: str, found: Sequence[Crossing | Soft]) -> None:
        self.stdout.write(f"{title}: {len(found) or 'none'}")
        for each in found:
            self.stdout.write(f"  {each if isinstance(each, Soft) else _told(each)}")

    def _count(self, found: Sequence[Crossing], softs: Sequence[Soft]) -> int:
        """Of what no valid constraint holds: the others can't dangle."""
        loose = [(each.source, each.database, each.reference) for each in found if each.reference and not each.is_held]
        total = 0
        for name, alias, reference in [*loose, *((str(soft), soft.database, soft.reference) for soft in softs)]:
            if alias is None:
                self.stdout.write(f"{name}: in two databases: compare them by manage.py parity")
                continue
            result = dangling(connections[alias], reference)
            total += result.rows
            self.stdout.write(f"{name}: {result if result.rows else 'nothing dangles'}")
            if result.rows:
                self.stdout.write(f"  {reference.question}")
        return total


def _told(crossing: Crossing) -> str:
    names = ", ".join(
        f"{held.name}{'' if held.valid else ' (NOT VALID: new rows only)'}" for held in crossing.constraints
    )
    if not crossing.in_models:
        return f"{crossing.source} → {crossing.target}: {names}, of which no model knows: ALTER TABLE … DROP CONSTRAINT"
    return f"{crossing.source} → {crossing.target}: {names or 'in the models only, the database holds no constraint'}"
