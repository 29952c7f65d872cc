"""`manage.py contracts`: write down what this project publishes and needs, and ask whom a change would break."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from itertools import groupby
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from strangler.commands import KitCommand
from strangler.contracts.breaks import Break, Mode
from strangler.contracts.checking import Checked, as_document, check
from strangler.contracts.exporting import export
from strangler.errors import ContractError

_FOLDER = Path("contracts")
_UNANSWERED = 2


class Command(KitCommand):
    help = "Export what this project publishes and needs; check whom a change of it would break."
    requires_system_checks = ()  # some of which want the very files that this writes

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        exporting = actions.add_parser("export", help="write schemas, needs, asyncapi.yaml and index.html")
        exporting.add_argument("--to", type=Path, default=_FOLDER, help="folder (default: contracts)")
        checking = actions.add_parser(
            "check", help="exits 1 where the code would break somebody, 2 where that cannot be told"
        )
        checking.add_argument(
            "--against",
            metavar="FILE|FOLDER|COMMIT",
            help="what is published now: a schema, a folder or a commit (main, v1.2:contracts); default: --contracts",
        )
        checking.add_argument(
            "--contracts", type=Path, default=_FOLDER, help="folder with everybody's needs (default: contracts)"
        )
        checking.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.FULL.value)
        checking.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "export":
            self._export(options["to"])
        else:
            self._check(options)

    def _export(self, folder: Path) -> None:
        done = export(folder)
        self.stdout.write(f"{done.events} events and {done.needs} needs in {folder}, {done.changed} files changed")
        if done.retired:
            self.stdout.write(
                f"{_count(done.retired, 'version')} retired: nobody publishes it any more, and logs may hold it"
            )
        if done.others:
            self.stdout.write(f"{done.others} events of this project's apps were left as another project wrote them")

    def _check(self, options: dict[str, Any]) -> None:
        against, mode = options["against"] or str(options["contracts"]), Mode(options["mode"])
        try:
            checked = check(against, options["contracts"], mode)
        except ContractError as error:
            raise CommandError(str(error), returncode=_UNANSWERED) from error
        if options["format"] == "json":
            self.stdout.write(json.dumps(as_document(checked, against, mode), indent=2, ensure_ascii=False))
        else:
            self._show(checked)
        asked = f"{mode.value}, against {against}"
        if checked.breaks:
            raise CommandError(f"{_count(len(checked.breaks), 'breaking change')} ({asked})", returncode=1)
        if options["format"] == "text":
            held = f"{_count(checked.events, 'event')}, {_count(checked.needs, 'need')} of others' events"
            self.stdout.write(f"nothing breaks: {held} ({asked})")

    def _show(self, checked: Checked) -> None:
        for note in checked.notes:
            self.stdout.write(note)
        for event, found in groupby(checked.breaks, key=lambda each: each.event):
            self.stdout.write(event)
            for each in found:
                self._show_one(each)

    def _show_one(self, each: Break) -> None:
        self.stdout.write(f"    {each.direction.value}: {each}")
        who = ", ".join(map(str, each.consumers)) or "nobody who is known here"
        self.stdout.write(f"        breaks {who}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
