"""Copies of the read model side by side: which are written, which one answers.

A new one is built from zero by a consumer of its own (REPORTING_GENERATION=2) and the backfill, while the old one goes
on answering and goes on learning. The change from one to the other is one row in one transaction, and every answer is
one statement that asks that row: nobody sees a mixture, and nobody waits.
"""

from django.db import transaction
from django.utils import timezone

from extracted.reporting.errors import GenerationError
from extracted.reporting.models import Generation, Serving
from extracted.reporting.sql import execute

HOLD = "SELECT retired_at FROM reporting_generation WHERE number = %s FOR NO KEY UPDATE"


def hold(generation: int) -> None:
    """Until the transaction ends nobody else writes into it. Raises GenerationError for one that takes no writes."""
    rows = execute(HOLD, [generation])
    if not rows:
        raise GenerationError(
            f"generation {generation} was never opened: run `rebuild`, or start this consumer with "
            f"REPORTING_GENERATION={_newest().number}"
        )
    if rows[0][0] is not None:
        raise GenerationError(
            f"generation {generation} is retired: stop the consumers that have REPORTING_GENERATION={generation}"
        )


def serving() -> Serving:
    return Serving.objects.get()


@transaction.atomic
def open_next() -> Generation:
    """Raises GenerationError while another one is being built."""
    serves = Serving.objects.select_for_update().get()
    newest = _newest()
    if newest.number > serves.generation and newest.retired_at is None:
        raise GenerationError(
            f"{newest} is open already and does not serve yet: `swap` to it, or `retire_generation {newest.number}`"
        )
    return Generation.objects.create(number=newest.number + 1)


def next_to_serve() -> Generation:
    """The one that is being built. Raises GenerationError where none is."""
    newest, serves = _newest(), serving()
    if newest.number <= serves.generation or newest.retired_at is not None:
        raise GenerationError(f"no generation is being built beside {serves.generation}: open one with `rebuild`")
    return newest


def one_before() -> Generation:
    """The one that served before. Raises GenerationError where there is none to go back to."""
    serves = serving()
    before = Generation.objects.filter(number=serves.previous, retired_at=None).first()
    if before is None:
        raise GenerationError(
            f"generation {serves.generation} is the first to serve, or the one before it is retired: build a new one "
            "with `rebuild`"
        )
    return before


@transaction.atomic
def serve(generation: Generation) -> Serving:
    """From the commit on every answer comes from it. Raises GenerationError where it has been retired meanwhile."""
    serves = Serving.objects.select_for_update().get()
    hold(generation.number)
    if serves.generation != generation.number:
        serves.previous, serves.generation = serves.generation, generation.number
        serves.save()
    return serves


@transaction.atomic
def retire(number: int) -> Generation:
    """From the commit on it takes no more writes; its rows are still there. Raises GenerationError."""
    serves = Serving.objects.select_for_update().get()
    generation = Generation.objects.select_for_update(no_key=True).filter(number=number).first()
    if generation is None:
        known = ", ".join(str(each) for each in Generation.objects.values_list("number", flat=True))
        raise GenerationError(f"there is no generation {number} (there are: {known})")
    if number == serves.generation:
        raise GenerationError(f"generation {number} is the one that answers: `swap` first")
    if generation.retired_at is None:
        generation.retired_at = timezone.now()
        generation.save(update_fields=["retired_at"])
    return generation


def _newest() -> Generation:
    return Generation.objects.order_by("-number")[0]
