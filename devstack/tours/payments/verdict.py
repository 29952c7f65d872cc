"""Was anybody charged twice, or for nothing? The gateway's log, what the API answered, and both books must agree."""

from collections.abc import Callable, Iterable, Iterator

from devstack.shop.finding import Finding
from devstack.tours.inventory.customers import REFUSALS
from devstack.tours.inventory.journal import ZERO, Bought
from devstack.tours.orders import alike, sagas, waits
from devstack.tours.payments.evidence import NAMES, SERVICE, SHOP, Evidence, Taken, by_order
from devstack.tours.payments.stack import DEADLINE_SECONDS, MOST_PAYMENTS

LONGEST_WAIT_SECONDS = DEADLINE_SECONDS + 60.0
"""A payment that is late is refused at the deadline; the rest is for a machine that is busy, and processes that die."""
UNSEEN = 5
"""Payments that a customer may have made before there was a fraud check."""

Check = Callable[[Evidence], Iterable[str]]


def judge(evidence: Evidence) -> list[Finding]:
    claims = [*_of_customers(evidence), *_of_money(evidence), *_of_books(evidence), *_of_those_behind(evidence)]
    return [Finding(claim, list(check(evidence))) for claim, check in claims]


def _of_customers(evidence: Evidence) -> list[tuple[str, Check]]:
    journal, orders = evidence.journal, list(evidence.journal.orders.values())
    pending = sum(order.was_pending for order in orders)
    refused = ", ".join(f"{count} {code}" for code, count in sorted(journal.refusals.items())) or "none"
    return [
        (
            f"{len(orders)} orders answered by the API ({pending} of them pending at first) are the shop's orders, as "
            "it last told of them: none lost, none doubled",
            lambda evidence: alike(evidence.journal, evidence.orders, REFUSALS),
        ),
        (
            f"refusals: {refused}; nobody was left hanging, the longest wait for a decision took "
            f"{journal.longest_wait:.1f} s (deadline of a payment: {DEADLINE_SECONDS} s)",
            lambda evidence: waits(evidence.journal, LONGEST_WAIT_SECONDS),
        ),
    ]


def _of_money(evidence: Evidence) -> list[tuple[str, Check]]:
    sold = [order for order in evidence.journal.orders.values() if order.status not in {"cancelled", "pending"}]
    nothing = [each for each in evidence.taken if each.authorised and not each.left]
    refunded = sum((each.refunded for each in evidence.taken), ZERO)
    return [
        (
            f"{len(sold)} orders were charged exactly once, and to the cent, says the gateway's own log of "
            f"{len(evidence.taken)} authorisations",
            _charged_once,
        ),
        (f"for orders that came to nothing it keeps nothing: {len(nothing)} authorisations undone", _net_zero),
        (f"{refunded:,} given back, as customers were told", _refunds),
        (
            f"{len(evidence.payments[SHOP]):,} payments, alike row by row in monolith and service, and as the gateway "
            "has moved their money",
            _payments,
        ),
    ]


def _of_books(evidence: Evidence) -> list[tuple[str, Check]]:
    events = sum(stream.events for stream in evidence.streams.values())
    return [
        (
            f"the books balance: {len(evidence.books.postings):,} postings leave nothing over, and make the balances "
            "that the payments' own sums do",
            _books,
        ),
        ("rebuilt from the first event on, the ledger is the same, posting by posting", _rebuilt),
        (f"{len(evidence.streams):,} streams of {events:,} events in all have no gap", _streams),
        (
            f"{len(evidence.batons[SHOP]):,} payments that moved have one owner each, of which both sides know, with "
            "the number of the move",
            _batons,
        ),
        (f"{evidence.shadow[0]} facts compared in the shadow, {evidence.shadow[1]} of them with another end", _shadow),
        (f"{len(evidence.flagged)} customers who paid often within an hour were pointed out, and no others", _flags),
    ]


def _of_those_behind(evidence: Evidence) -> list[tuple[str, Check]]:
    done = sum(count for (_, status), count in evidence.requests.items() if status == "done")
    calls, attempts = (sum(each[place] for each in evidence.calls.values()) for place in (0, 1))
    return [
        (
            f"{sum(evidence.requests.values())} requests to the service: {done} done, the rest refused; none is open; "
            f"{calls} calls of the gateway in {attempts} attempts, none is due",
            _requests,
        ),
        (
            f"{evidence.sagas.get('completed', 0)} checkouts completed, {evidence.sagas.get('compensated', 0)} taken "
            "back, none stuck, none unfinished",
            lambda evidence: sagas(evidence.sagas),
        ),
        ("outboxes and queues are empty, no dead letters, nothing parked", lambda evidence: evidence.leftovers),
    ]


def _charged_once(evidence: Evidence) -> Iterator[str]:
    taken = by_order(evidence.taken)
    for order in evidence.journal.orders.values():
        if order.status in {"cancelled", "pending"}:
            continue
        found = taken.get(order.number, [])
        if len(found) != 1:
            yield f"order {order.number} is {order.status}, and was charged {len(found)} times"
        elif not _is_paid(order, found[0]):
            yield f"order {order.number}, {order.status}, costs {order.total}; the gateway has {_in_words(found[0])}"


def _is_paid(order: Bought, taken: Taken) -> bool:
    """What is paid on shipment is set aside until then."""
    if taken.voided or str(taken.authorised) != order.total:
        return False
    return taken.captured == taken.authorised or (not order.shipped and not taken.captured)


def _net_zero(evidence: Evidence) -> Iterator[str]:
    known = evidence.journal.orders
    for each in evidence.taken:
        order = known.get(each.order_number)
        status = order.status if order else evidence.orders.get(each.order_number, ("not the shop's", ""))[0]
        came_to_nothing = order is None or status == "cancelled"
        if came_to_nothing and (each.left or each.captured != each.refunded):
            yield f"order {each.order_number or 'unknown'} is {status}, and the gateway has {_in_words(each)}"


def _refunds(evidence: Evidence) -> Iterator[str]:
    taken = by_order(evidence.taken)
    for order in evidence.journal.orders.values():
        found = sum((each.refunded for each in taken.get(order.number, [])), ZERO)
        if order.status not in {"cancelled", "pending"} and found != order.refunded:
            yield f"order {order.number}: {found} given back, the API said {order.refunded}"


def _payments(evidence: Evidence) -> Iterator[str]:
    ours, theirs = evidence.payments[SHOP], evidence.payments[SERVICE]
    for number in sorted(ours.keys() | theirs.keys()):
        if ours.get(number) != theirs.get(number):
            yield f"{number}: {_side(SHOP, ours.get(number))}, {_side(SERVICE, theirs.get(number))}"
    for each in evidence.taken:
        paid = ours.get(each.order_number)
        if paid is None:
            if each.left:
                yield f"{each.order_number or 'unknown'}: no payment, and the gateway has {_in_words(each)}"
        elif each.authorised and paid[1:] != (each.authorised, each.captured, each.refunded):
            yield f"{each.order_number}: {_side(SHOP, paid)}, the gateway has {_in_words(each)}"


def _books(evidence: Evidence) -> Iterator[str]:
    books = evidence.books
    sums: dict[tuple[str, int], object] = {}
    made: dict[tuple[str, str], object] = {}
    for number, version, account, currency, amount in books.postings:
        sums[number, version] = sums.get((number, version), 0) + amount  # type: ignore[operator]
        made[account, currency] = made.get((account, currency), 0) + amount  # type: ignore[operator]
    for (number, version), left_over in sorted(sums.items()):
        if left_over:
            yield f"event {version} of {number} leaves {left_over} over"
    for key in sorted(made.keys() | books.balances.keys() | books.derived.keys()):
        found = (made.get(key, 0), books.balances.get(key, 0), books.derived.get(key, 0))
        if len(set(found)) != 1:
            told = "its postings make {}, its balance is {}, the payments make {}".format(*found)
            yield f"{key[0]} in {key[1]}: {told}"


def _rebuilt(evidence: Evidence) -> Iterator[str]:
    now, before = evidence.books.postings, evidence.books.before
    if not now:
        yield "nothing was rebuilt"
    for posting in sorted(now ^ before):
        yield f"{posting} {'is new' if posting in now else 'is missing'}"


def _streams(evidence: Evidence) -> Iterator[str]:
    for number, stream in evidence.streams.items():
        if (stream.first, stream.last) != (1, stream.events) or stream.told != stream.last:
            yield f"{number}: {stream}"


def _batons(evidence: Evidence) -> Iterator[str]:
    ours, theirs = (evidence.batons[side] for side in NAMES)
    for number in sorted(ours.keys() | theirs.keys()):
        if ours.get(number) != theirs.get(number):
            yield f"{number}: the monolith says {ours.get(number)}, the service {theirs.get(number)}"


def _shadow(evidence: Evidence) -> Iterator[str]:
    compared, mismatches = evidence.shadow
    if not compared:
        yield "nothing was compared"
    if mismatches:
        yield f"{mismatches} of {compared} differ: the service's admin, Shadow outcomes"


def _flags(evidence: Evidence) -> Iterator[str]:
    if not evidence.flagged:
        yield "nobody was"
    for customer, payments in sorted(evidence.payers.items()):
        if payments > MOST_PAYMENTS + UNSEEN and customer not in evidence.flagged:
            yield f"{customer} paid {payments} times, and was not"
    for customer in sorted(evidence.flagged):
        if evidence.payers.get(customer, 0) <= MOST_PAYMENTS:
            yield f"{customer} was, with {evidence.payers.get(customer, 0)} payments"


def _requests(evidence: Evidence) -> Iterator[str]:
    for (action, status), count in sorted(evidence.requests.items()):
        if status not in {"done", "refused"}:
            yield f"{count} to {action} are {status} in the monolith"
        elif status == "refused" and action not in {"authorise", "charge"}:
            yield f"{count} to {action} were refused"
    for status, count in sorted(evidence.answers.items()):
        if status not in {"done", "refused", "redirected"}:
            yield f"{count} are {status} in the service"
    if due := evidence.calls.get("due"):
        yield f"{due[0]} calls of the gateway are due"


def _in_words(taken: Taken) -> str:
    parts = ("authorised", "captured", "refunded", "voided")
    return ", ".join(f"{name} {getattr(taken, name)}" for name in parts if getattr(taken, name)) or "nothing"


def _side(side: str, payment: object) -> str:
    return f"{NAMES[side]} says {payment}"
