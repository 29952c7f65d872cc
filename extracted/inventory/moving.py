"""The baton of a SKU comes and goes: only who has it gives it up, and what is known of the stock goes with it."""

from collections.abc import Iterable, Mapping, Sequence

import structlog
from django.db import transaction

from extracted.inventory import changes, ownership, transfers
from extracted.inventory.events import StockHandedOver, StockRecalled
from extracted.inventory.levels import Stock, locked
from extracted.inventory.models import Owner
from extracted.inventory.states import replace, states
from strangler.outbox import publish_many

log = structlog.get_logger(__name__)


def take_over(events: Sequence[StockHandedOver]) -> None:
    """An epoch that was here already changes nothing. What waited for these SKUs is decided in the same transaction.

    That takes the batons of other SKUs, too. Which, is only sure once no more changes can begin to wait; and then it is
    too late to wait for them, so where some are missing all are put back and taken once more, in their order.
    """
    given = [event for event in events if event.to == "service"]
    latest = {event.sku: event for event in sorted(given, key=lambda event: event.epoch)}
    wanted, enough = set(latest), False
    while not enough:
        wanted |= changes.skus_waited_for(latest)
        with transaction.atomic():
            stock = locked(wanted, promised_to=None)
            if enough := changes.skus_waited_for(latest) <= wanted:
                _take(stock, {sku: event for sku, event in latest.items() if event.epoch > stock.epoch(sku)})
            else:
                transaction.set_rollback(True)


def _take(stock: Stock, taken: Mapping[str, StockHandedOver]) -> None:
    replace(stock, taken)
    stock.save()
    for sku, event in taken.items():
        stock.batons[sku].epoch = event.epoch
    ownership.give([stock.batons[sku] for sku in taken], Owner.SERVICE)
    changes.decide_waiting(taken)


@transaction.atomic
def hand_back(recalled: Iterable[StockRecalled]) -> None:
    """Waits for nobody but those who are changing the stock right now. What was given back already stays so.

    What is on its way between two warehouses goes along, and is received in the monolith.
    """
    asked = {event.sku: event.epoch for event in recalled}
    batons = ownership.hold(asked)
    given = [baton for sku, baton in batons.items() if baton.is_here and asked[sku] >= baton.epoch]
    for baton in given:
        baton.epoch += 1
    ownership.give(given, Owner.MONOLITH)
    known = states(baton.sku for baton in given)
    arriving = transfers.give_along(baton.sku for baton in given)
    publish_many(
        [
            StockHandedOver(**known[each.sku], to="monolith", epoch=each.epoch, arriving=tuple(arriving[each.sku]))
            for each in given
        ]
    )
    if late := sorted(asked.keys() - {baton.sku for baton in given}):
        log.info("recalled_but_not_here", skus=late)
