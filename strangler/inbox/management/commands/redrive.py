"""`manage.py redrive`: handle dead letters again once their cause is mended."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from strangler.commands import KitCommand
from strangler.inbox import operations
from strangler.inbox.models import DeadLetter


class Command(KitCommand):
    help = "Hand dead letters back to the running consumers, which handle them in order per key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--group", help="only this consumer group")
        parser.add_argument("--key", help="only this key, for example orders.order:A1B2")
        parser.add_argument("--all", action="store_true", help="every dead letter")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = {"consumer_group": options["group"], "key": options["key"]}
        given = {field: value for field, value in chosen.items() if value}
        if not given and not options["all"]:
            raise CommandError("say which dead letters: --group NAME, --key KEY, or --all")
        count = operations.redrive(DeadLetter.objects.filter(**given))
        self.stdout.write(f"{count} dead letter{'' if count == 1 else 's'} redriven")
