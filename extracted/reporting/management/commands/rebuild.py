from typing import Any

from extracted.reporting import generations
from strangler.commands import KitCommand

HOW = """{generation} is open, and empty. The one that answers goes on answering and learning.
  here:             REPORTING_GENERATION={number} python -m extracted.reporting consume --declare
                    REPORTING_GENERATION={number} python -m extracted.reporting consume
  in the monolith:  python manage.py backfill {group}
  when it is done:  python -m extracted.reporting swap"""


class Command(KitCommand):
    help = "Open the next generation of the read model, to be built from zero beside the one that answers."

    def handle(self, *args: Any, **options: Any) -> None:
        opened = generations.open_next()
        self.stdout.write(HOW.format(generation=str(opened).capitalize(), number=opened.number, group=opened.group))
