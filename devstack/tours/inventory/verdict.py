"""Was anything lost, doubled or oversold? What the API answered, both databases and the ledgers must agree."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from devstack.shop.finding import Finding
from devstack.tours.inventory.customers import REFUSALS
from devstack.tours.inventory.evidence import BOTH, NAMES, Evidence
from devstack.tours.inventory.journal import OPEN, Bought
from devstack.tours.orders import alike, sagas, waits

LONGEST_WAIT_SECONDS = 90.0
"""Three questions to the service, with 20 seconds each, and a machine that is busy."""


def judge(evidence: Evidence) -> list[Finding]:
    return [Finding(claim, list(check(evidence))) for claim, check in _claims(evidence)]


def _claims(evidence: Evidence) -> list[tuple[str, Callable[[Evidence], Iterable[str]]]]:
    return [*_of_customers(evidence), *_of_stock(evidence), *_of_those_behind(evidence)]


def _of_customers(evidence: Evidence) -> list[tuple[str, Callable[[Evidence], Iterable[str]]]]:
    journal, orders = evidence.journal, list(evidence.journal.orders.values())
    pending = sum(order.was_pending for order in orders)
    sold = sum(order.status in {"placed", "shipped"} for order in orders)
    cancelled = sum(order.status == "cancelled" for order in orders)
    refused = ", ".join(f"{count} {code}" for code, count in sorted(journal.refusals.items())) or "none"
    return [
        (
            f"{len(orders)} orders answered by the API ({pending} of them pending at first) are the shop's orders, as "
            "it last told of them: none lost, none doubled",
            lambda evidence: alike(evidence.journal, evidence.orders, REFUSALS),
        ),
        (
            f"refusals: {refused}; nobody was left hanging, the longest wait for a decision took "
            f"{journal.longest_wait:.1f} s",
            lambda evidence: waits(evidence.journal, LONGEST_WAIT_SECONDS),
        ),
        (f"{sold} orders are sold and paid in full; of {cancelled} that were cancelled no money is left", _payments),
    ]


def _of_stock(evidence: Evidence) -> list[tuple[str, Callable[[Evidence], Iterable[str]]]]:
    orders = list(evidence.journal.orders.values())
    put_in = sum(evidence.before.on_hand.values()) + evidence.journal.supplied.total()
    left = sum(level.on_hand for level in evidence.levels["shop"].values())
    sent, back = _by_sku(orders, "shipped").total(), _by_sku(orders, "returned").total()
    promised = sum(evidence.promises["shop"].values())
    entries = sum(count for _, count in evidence.ledger["shop"].values())
    compared, mismatches = evidence.shadow
    return [
        (
            f"never oversold: {put_in:,} units put in = {left:,} left + {sent:,} sold and sent out - {back} sent back, "
            f"for each of {len(evidence.before.on_hand)} SKUs, on both sides",
            _units,
        ),
        (f"{promised} units promised: to the orders that wait for shipping, each once, on both sides", _promises),
        (f"{entries:,} ledger entries explain every level, and every parcel left once, on both sides", _ledgers),
        (
            f"{len(evidence.batons['shop'])} SKUs that moved have one owner each, of which both sides know, with the "
            "number of the move",
            _batons,
        ),
        (f"{compared} promises made in the shadow, {mismatches} of them elsewhere than the monolith's", _shadow),
    ]


def _of_those_behind(evidence: Evidence) -> list[tuple[str, Callable[[Evidence], Iterable[str]]]]:
    done = sum(count for (_, status), count in evidence.changes.items() if status == "done")
    return [
        (
            f"{sum(evidence.changes.values())} changes asked of the service: {done} done, the rest refused, "
            f"{evidence.answers.get('redirected', 0)} times it was not the owner any more; none is open",
            _changes,
        ),
        (
            f"{evidence.sagas.get('completed', 0)} checkouts completed, {evidence.sagas.get('compensated', 0)} taken "
            "back, none stuck, none unfinished",
            lambda evidence: sagas(evidence.sagas),
        ),
        ("outboxes and queues are empty, no dead letters, nothing parked", lambda evidence: evidence.leftovers),
    ]


def _units(evidence: Evidence) -> Iterator[str]:
    journal = evidence.journal
    sent, back = _by_sku(journal.orders.values(), "shipped"), _by_sku(journal.orders.values(), "returned")
    for side in BOTH:
        for sku, at_first in evidence.before.on_hand.items():
            wanted = at_first + journal.supplied[sku] - sent[sku] + back[sku]
            level = evidence.levels[side].get(sku)
            if level is None or level.on_hand != wanted:
                yield f"{sku} in {NAMES[side]}: {level and level.on_hand} on hand, it should be {wanted}"


def _promises(evidence: Evidence) -> Iterator[str]:
    """What carts hold is for a time, and shows in the levels alone."""
    wanted = {
        (order.number, sku): units
        for order in evidence.journal.orders.values()
        if order.status in OPEN
        for sku, units in order.quantities.items()
    }
    for side in BOTH:
        found = {key: units for key, units in evidence.promises[side].items() if not key[0].startswith("cart:")}
        for key in sorted(wanted.keys() | found.keys()):
            if wanted.get(key) != found.get(key):
                units = f"{found.get(key, 0)} promised, it should be {wanted.get(key, 0)}"
                yield f"{key[1]} to {key[0]} in {NAMES[side]}: {units}"
        reserved: Counter[str] = Counter()
        for (_, sku), units in evidence.promises[side].items():
            reserved[sku] += units
        for sku, level in evidence.levels[side].items():
            if level.reserved != reserved[sku]:
                yield f"{sku} in {NAMES[side]}: {level.reserved} reserved, {reserved[sku]} promised"


def _ledgers(evidence: Evidence) -> Iterator[str]:
    sold = {
        (order.number, sku): (units, 1)
        for order in evidence.journal.orders.values()
        if order.shipped
        for sku, units in order.quantities.items()
    }
    for side in BOTH:
        for sku, level in evidence.levels[side].items():
            total, _ = evidence.ledger[side].get(sku, (0, 0))
            if total != level.on_hand:
                yield f"{sku} in {NAMES[side]}: {level.on_hand} on hand, and the ledger says {total}"
        found = evidence.departures[side]
        for key, entry in sold.items():
            if found.get(key) != entry:
                yield f"{key[1]} for {key[0]} in {NAMES[side]}: (units, entries) are {found.get(key)}, not {entry}"
        strange = [number for number, _ in found.keys() - sold.keys() if number in evidence.orders]
        yield from (f"order {number} left {NAMES[side]}, and nobody sent it" for number in strange)


def _payments(evidence: Evidence) -> Iterator[str]:
    """Whose goods came back gets the goods' share, which is the shop's affair; all others all of it, or nothing."""
    told = evidence.journal.orders.values()
    for order in told:
        paid = evidence.payments.get(order.number)
        kept = paid and (paid.captured - paid.refunded if paid.captured else paid.authorised)
        if order.status in {"placed", "shipped"} and str(kept) != order.total:
            yield f"order {order.number} is {order.status}, costs {order.total}, and {kept} is paid"
    cancelled = {order.number for order in told if order.status == "cancelled"}
    cancelled |= {number for number, (status, _) in evidence.orders.items() if status == "cancelled"}
    for number in sorted(cancelled):
        paid = evidence.payments.get(number)
        if paid and paid.status not in {"refunded", "voided"}:
            yield f"order {number} is cancelled, and its payment is {paid.status}"


def _batons(evidence: Evidence) -> Iterator[str]:
    ours, theirs = (evidence.batons[side] for side in BOTH)
    for sku in sorted(ours.keys() | theirs.keys()):
        if ours.get(sku) != theirs.get(sku):
            yield f"{sku}: the monolith says {ours.get(sku)}, the service {theirs.get(sku)}"


def _changes(evidence: Evidence) -> Iterator[str]:
    for (kind, status), count in sorted(evidence.changes.items()):
        if status not in {"done", "rejected"}:
            yield f"{count} of kind {kind} are {status} in the monolith"
        elif status == "rejected" and kind != "reserve":
            yield f"{count} of kind {kind} were rejected"
    if waiting := evidence.answers.get("waiting"):
        yield f"{waiting} wait in the service for a baton"


def _shadow(evidence: Evidence) -> Iterator[str]:
    compared, mismatches = evidence.shadow
    if not compared:
        yield "nothing was compared"
    if mismatches:
        yield f"{mismatches} of {compared} differ: the service's admin, Shadow outcomes"


def _by_sku(orders: Iterable[Bought], what: str) -> Counter[str]:
    counted: Counter[str] = Counter()
    for order in orders:
        if getattr(order, what):
            counted.update(order.quantities)
    return counted
