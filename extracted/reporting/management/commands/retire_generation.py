from argparse import ArgumentParser
from typing import Any

from extracted.reporting import generations
from extracted.reporting.clearing import clear
from strangler.commands import KitCommand


class Command(KitCommand):
    help = "Delete a generation of the read model that does not answer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", type=int, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        retired = generations.retire(options["number"])
        self.stdout.write(f"{retired} is retired, {clear(retired.number)} rows are deleted")
        self.stdout.write(
            f"its queue at the broker still takes events: delete that of consumer group {retired.group!r}"
        )
