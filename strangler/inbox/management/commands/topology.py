"""`manage.py topology`: the map of events, drawn from the code."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from strangler.commands import KitCommand
from strangler.inbox.subscriptions import subscriptions
from strangler.inbox.topology import HANDLED_ELSEWHERE, Route, topology
from strangler.messaging import registry


class Command(KitCommand):
    help = "Print each event with its owner, topic, consumer groups and handlers, as far as this project has them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON array, to join the maps of several projects")

    def handle(self, *args: Any, **options: Any) -> None:
        routes = topology(registry, subscriptions)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(route) for route in routes], indent=2))
            return
        for route in routes:
            self._print(route)

    def _print(self, route: Route) -> None:
        side = "published here" if route.owned else "read here"
        self.stdout.write(f"{route.type}  owner {route.owner}, {side}, topic {route.topic}")
        for group, handler in route.consumers:
            self.stdout.write(f"    → {group}: {handler}")
        if not route.consumers:
            self.stdout.write(f"    → {HANDLED_ELSEWHERE}")
