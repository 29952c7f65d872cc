from typing import Any

from monolith.throttling.services import prune
from strangler.commands import KitCommand


class Command(KitCommand):
    help = "Forget clients who have been quiet. Run it daily; it loses no count."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(f"deleted {prune()} meters of clients who have been quiet")
