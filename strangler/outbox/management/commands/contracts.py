"""`manage.py contracts`: write down what the contexts of this project publish."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from strangler.apps import is_owned
from strangler.commands import KitCommand
from strangler.messaging import registry
from strangler.messaging.contracts import contract_path, schema_of


class Command(KitCommand):
    help = "Export a JSON Schema of every event that this project owns."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["export"])
        parser.add_argument("--to", type=Path, default=Path("contracts"), help="folder (default: contracts)")

    def handle(self, *args: Any, **options: Any) -> None:
        owned = [event for event in registry if is_owned(event)]
        for event in owned:
            path = options["to"] / contract_path(event)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(schema_of(event), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        self.stdout.write(f"{len(owned)} schemas in {options['to']}")
