"""Consumer-driven contracts: what each consumer needs is held against what is published, with neither side running.

The pattern: <https://martinfowler.com/articles/consumerDrivenContracts.html>.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from extracted.inventory import events as of_the_service
from extracted.payments import events as of_payments
from monolith.orders.events import OrderPlaced
from strangler.messaging import Event
from strangler.testing.contracts import assert_needs_are_met, assert_old_versions_are_readable, unmet_needs

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
TOLD_BY_THE_SERVICE = [
    *(of_the_service.StockReserved, of_the_service.StockReleased, of_the_service.StockShipped),
    *(of_the_service.StockReturned, of_the_service.StockAdjusted, of_the_service.StockDispatched),
    *(of_the_service.StockReceived, of_the_service.StockTold, of_the_service.StockHandedOver),
    *(of_the_service.StockChangeDone, of_the_service.StockChangeRejected, of_the_service.StockChangeRedirected),
]
TOLD_BY_PAYMENTS = [
    *(of_payments.PaymentAuthorised, of_payments.PaymentCaptured, of_payments.PaymentVoided),
    *(of_payments.PaymentRefunded, of_payments.PaymentHandedOver, of_payments.PaymentFlagged),
    *(of_payments.PaymentRequestDone, of_payments.PaymentRequestRefused),
    *(of_payments.PaymentRequestDeferred, of_payments.PaymentRequestRedirected),
]


def test_the_shop_publishes_what_its_consumers_need() -> None:
    assert_needs_are_met(CONTRACTS)


def test_the_inventory_service_publishes_what_its_consumers_need_the_shop_among_them() -> None:
    """Its classes read messages, too, from before there was a ledger entry in them: what it tells itself has one."""
    missed = unmet_needs(CONTRACTS, publishes=TOLD_BY_THE_SERVICE)
    assert [line for line in missed if ", movement: " not in line and ", moved_at: " not in line] == []
    without_it = [each for each in TOLD_BY_THE_SERVICE if not issubclass(each, of_the_service.StockMoved)]
    assert_needs_are_met(CONTRACTS, publishes=without_it)


def test_the_payments_service_publishes_what_its_consumers_need() -> None:
    assert_needs_are_met(CONTRACTS, publishes=TOLD_BY_PAYMENTS)


def test_whatever_the_shop_reads_it_reads_in_every_version() -> None:
    assert_old_versions_are_readable(CONTRACTS)


def without(event: type[Event], *fields: str) -> type[Event]:
    """As if somebody had deleted these lines."""
    kept = {name: field.annotation for name, field in event.model_fields.items() if name not in fields}
    cut: Any = type(event)(event.__name__, (Event,), {"__annotations__": kept, "__module__": __name__})
    cut.event_type, cut.version, cut.owner = event.event_type, event.version, event.owner
    cut.aggregate_type, cut.key_field, cut.kind = event.aggregate_type, event.key_field, event.kind
    return cut  # it has no type of its own, so that the registry never hears of it


def test_removing_a_field_that_somebody_needs_names_consumer_event_and_field() -> None:
    missed = unmet_needs(CONTRACTS, publishes=[without(OrderPlaced, "ship_to", "tax", "promotion_code")])
    assert missed == [
        "notifications needs orders.order_placed.v1, ship_to: is missing (forward; "
        "extracted.notifications.handlers.confirm_the_order in notifications)"
    ]
    with pytest.raises(AssertionError, match=r"not published any more:\nnotifications needs orders\.order_placed\.v1"):
        assert_needs_are_met(CONTRACTS, publishes=[without(OrderPlaced, "ship_to")])
    assert len(unmet_needs(CONTRACTS, publishes=[without(OrderPlaced, "total")])) == 2


def test_a_folder_without_needs_is_no_proof(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"no needs in .*needs: each consumer's"):
        assert_needs_are_met(tmp_path)
