"""Evidence of a small run in which everything is as it should be, for faults to be planted in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from devstack.chaos.evidence import Account, Evidence, Heard, Mail, Shelf
from devstack.chaos.expected import (
    ADJUSTED,
    RELEASED,
    RESERVED,
    TEMPLATES,
    ZERO,
    Fact,
    expect,
)
from devstack.chaos.writes import ACKNOWLEDGED, CANCEL, ORDER, REFUND, REFUSED, RESTOCK, Write

EMAIL = "a@example.com"
SKU, PLACE = "TEA", "MAIN"


def placed(number: str, quantity: int, pay: str = "now") -> Write:
    answer = {"number": number, "total": "10.00", "lines": {SKU: quantity}}
    return Write(f"order-{number}", ORDER, {"pay": pay, "email": EMAIL}, ACKNOWLEDGED, answer)


def writes() -> Sequence[Write]:
    """One order stays, one is cancelled, one is refunded in part and then wholly, one was never paid."""
    return [
        placed("S-1", 1),
        placed("S-2", 2),
        placed("S-3", 3),
        placed("S-4", 4, pay="on_shipment"),
        Write("refused-1", ORDER, {"pay": "now", "email": EMAIL}, REFUSED, {"code": "payment_declined"}),
        Write("cancel-2", CANCEL, {"order": "S-2"}, ACKNOWLEDGED),
        Write("refund-3", REFUND, {"order": "S-3", "amount": "1.00"}, ACKNOWLEDGED),
        Write("refund-3b", REFUND, {"order": "S-3"}, ACKNOWLEDGED),
        Write("cancel-4", CANCEL, {"order": "S-4"}, ACKNOWLEDGED),
        Write("restock-1", RESTOCK, {"sku": SKU, "by": 40}, ACKNOWLEDGED),
    ]


def sound() -> Evidence:
    log = writes()
    expected = expect(log)
    before = Shelf(SKU, PLACE, on_hand=100, reserved=0, moved=100, promised=0)
    events = [(write, fact) for write, facts in expected.of_write.items() for fact in facts]
    heard = _heard(events, before)
    mails = [
        Mail(each.id, str(each.message_id), each.key, TEMPLATES[each.type], EMAIL, "sent", f"<{each.id}@example.com>")
        for each in heard
        if each.type in TEMPLATES
    ]
    return Evidence(
        writes=log,
        heard=heard,
        mails=mails,
        mailbox=Counter(mail.message_id for mail in mails),
        accounts=[
            Account(number, o.status, o.total, *(2 * (o.total, o.captured, o.refunded)))
            for number, o in expected.orders.items()
        ],
        shelves=[Shelf(SKU, PLACE, on_hand=140, reserved=1, moved=140, promised=1)],
        shelves_before=[before],
        parked=[],
        pending=0,
        backlog={"notifications": 0, "auditor": 0},
    )


def _heard(events: Sequence[tuple[str, Fact]], before: Shelf) -> Sequence[Heard]:
    found, on_hand, reserved = [], before.on_hand, before.reserved
    for number, (write, fact) in enumerate(events, start=1):
        stock = fact.type in {ADJUSTED, RESERVED, RELEASED}
        quantity = int(fact.figure or ZERO)
        if stock:
            on_hand += quantity if fact.type == ADJUSTED else 0
            reserved += {RESERVED: quantity, RELEASED: -quantity}.get(fact.type, 0)
        levels = (PLACE, on_hand, reserved) if stock else ("", None, None)
        email = "" if stock else EMAIL
        found.append(Heard(number, UUID(int=number), write, fact.type, fact.key, fact.figure, email, *levels, 1))
    return found
