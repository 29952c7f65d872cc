from celery import shared_task
from django.core.management import call_command

from monolith.settings.clock import BY_THE_CLOCK


@shared_task(acks_late=True)
def run(command: str) -> None:
    """One of `settings.clock`; each does its work in bounded batches, so that one run too many harms nobody."""
    if command not in BY_THE_CLOCK:
        raise ValueError(f"{command!r} is not in monolith/settings/clock.py: nothing else is run by the clock")
    call_command(*command.split())
