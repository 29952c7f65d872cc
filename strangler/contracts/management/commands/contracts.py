"""`manage.py contracts`: write down what this project publishes and needs, and ask whom a change would break."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from strangler.commands import KitCommand
from strangler.contracts.exporting import export


class Command(KitCommand):
    help = "Export what this project publishes and needs; check whom a change of it would break."
    requires_system_checks = ()  # some of which want the very files that this writes

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        exporting = actions.add_parser("export", help="write schemas, needs, asyncapi.yaml and index.html")
        exporting.add_argument("--to", type=Path, default=Path("contracts"), help="folder (default: contracts)")

    def handle(self, *args: Any, **options: Any) -> None:
        self._export(options["to"])

    def _export(self, folder: Path) -> None:
        done = export(folder)
        self.stdout.write(f"{done.events} events and {done.needs} needs in {folder}, {done.changed} files changed")
        if done.retired:
            self.stdout.write(f"{done.retired} versions are retired: nobody publishes them, and logs may hold them")
        if done.others:
            self.stdout.write(f"{done.others} events of this project's apps were left as another project wrote them")
