"""What the gateway's log, both databases and the broker hold in the end, when nothing is on its way any more."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from devstack.postgres import EmbeddedPostgres
from devstack.tours import asking
from devstack.tours.asking import LAST_ORDER, ORDERS, SAGAS, rows
from devstack.tours.inventory.journal import ZERO, Journal
from devstack.tours.payments.gateway import Movement

NAMES = {"shop": "the monolith", "payments": "the service"}
SHOP, SERVICE = NAMES
_SUMS = "order_number, status, authorised, captured, refunded"
_PAYMENTS = {
    SHOP: f"SELECT {_SUMS} FROM payments_payment",  # noqa: S608
    SERVICE: f"SELECT {_SUMS} FROM payments_paymentview WHERE status <> ''",  # noqa: S608
}
_BATONS = "SELECT order_number, owner, epoch FROM payments_ownership WHERE epoch > 0"  # 0: never moved, needs no row
_WHERE = """
    SELECT p.order_number, coalesce(o.owner, 'monolith'), coalesce(o.epoch, 0) FROM payments_payment p
    LEFT JOIN payments_ownership o ON o.order_number = p.order_number
"""
_REQUESTS = "SELECT action, status, count(*) FROM payments_paymentrequest GROUP BY action, status"
_ANSWERS = "SELECT status, count(*) FROM payments_paymentrequest GROUP BY status"
_CALLS = "SELECT status, count(*), coalesce(sum(attempts), 0) FROM payments_gatewaycall GROUP BY status"
_SHADOW = "SELECT count(*), count(*) FILTER (WHERE cause <> '') FROM payments_shadowoutcome"
_POSTINGS = "SELECT order_number, version, account, currency, amount FROM payments_ledgerposting"
_BALANCES = "SELECT account, currency, balance FROM payments_ledgeraccount"
_DERIVED = """
    SELECT currency, sum(authorised - captured - released), sum(captured - refunded), sum(captured), sum(refunded)
    FROM payments_paymentview WHERE status <> '' GROUP BY currency
"""
_STREAMS = """
    SELECT e.key, count(*), min(e.version), max(e.version), v.version FROM strangler_stream_event e
    LEFT JOIN payments_paymentview v ON v.order_number = e.key WHERE e.category = 'payment' GROUP BY e.key, v.version
"""
_PAYERS = (
    "SELECT customer_email, count(*) FROM payments_payment WHERE created_at > now() - interval '1 hour' GROUP BY 1"
)
_FLAGGED = "SELECT DISTINCT customer_email FROM payments_paymentflag WHERE rule = 'number'"

Posting = tuple[str, int, str, str, Decimal]


class Payment(NamedTuple):
    status: str
    authorised: Decimal
    captured: Decimal
    refunded: Decimal


class Stream(NamedTuple):
    """`told` is the version that the payment's own row says."""

    events: int
    first: int
    last: int
    told: int | None


@dataclass
class Taken:
    """All that the gateway did with one authorisation."""

    order_number: str
    authorised: Decimal = ZERO
    captured: Decimal = ZERO
    refunded: Decimal = ZERO
    voided: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        """Of the customer's money: what the shop has, and what it may still take."""
        return self.authorised - self.voided - self.refunded


@dataclass(frozen=True)
class Books:
    """`derived`: the balances as payments' own sums make them; `before`: the postings before all was made anew."""

    postings: frozenset[Posting]
    balances: Mapping[tuple[str, str], Decimal]
    derived: Mapping[tuple[str, str], Decimal]
    before: frozenset[Posting]


@dataclass(frozen=True)
class Evidence:
    """Of two sides under "shop" and "payments"."""

    journal: Journal
    orders: Mapping[str, tuple[str, str]]
    taken: list[Taken]
    payments: Mapping[str, Mapping[str, Payment]]
    batons: Mapping[str, Mapping[str, tuple[str, int]]]
    requests: Mapping[tuple[str, str], int]
    answers: Mapping[str, int]
    calls: Mapping[str, tuple[int, int]]
    sagas: Mapping[str, int]
    shadow: tuple[int, int]
    books: Books
    streams: Mapping[str, Stream]
    payers: Mapping[str, int]
    flagged: frozenset[str]
    leftovers: list[str] = field(default_factory=list)


def last_order(postgres: EmbeddedPostgres) -> int:
    """Of the shop's past."""
    return int(rows(postgres, SHOP, LAST_ORDER)[0][0])


def gather(
    postgres: EmbeddedPostgres,
    journal: Journal,
    movements: Iterable[Movement],
    *,
    after: int,
    before_a_rebuild: frozenset[Posting],
    queued: list[str],
) -> Evidence:
    """Of the orders `after` one. `queued` is what waits in the broker."""

    def asked(database: str, query: str, *parameters: Any) -> list[Any]:
        return rows(postgres, database, query, [*parameters] or None)

    return Evidence(
        journal=journal,
        orders={row[0]: (row[1], row[2]) for row in asked(SHOP, ORDERS, after)},
        taken=taken(movements),
        payments={side: {row[0]: Payment(*row[1:]) for row in asked(side, _PAYMENTS[side])} for side in NAMES},
        batons={side: {row[0]: row[1:] for row in asked(side, _BATONS)} for side in NAMES},
        requests={row[:2]: row[2] for row in asked(SHOP, _REQUESTS)},
        answers=dict(asked(SERVICE, _ANSWERS)),
        calls={row[0]: (row[1], int(row[2])) for row in asked(SERVICE, _CALLS)},
        sagas=dict(asked(SHOP, SAGAS)),
        shadow=asked(SERVICE, _SHADOW)[0],
        books=Books(
            postings=postings(postgres),
            balances={row[:2]: row[2] for row in asked(SERVICE, _BALANCES)},
            derived=derived(postgres),
            before=before_a_rebuild,
        ),
        streams={row[0]: Stream(*row[1:]) for row in asked(SERVICE, _STREAMS)},
        payers=dict(asked(SHOP, _PAYERS)),
        flagged=frozenset(row[0] for row in asked(SERVICE, _FLAGGED)),
        leftovers=[*leftovers(postgres), *queued],
    )


def taken(movements: Iterable[Movement]) -> list[Taken]:
    found: dict[str, Taken] = {}
    names = {"authorise": "authorised", "capture": "captured", "refund": "refunded", "void": "voided"}
    for each in movements:
        known = found.setdefault(each.authorisation, Taken(each.order_number))
        setattr(known, names[each.kind], getattr(known, names[each.kind]) + each.amount)
    return list(found.values())


def leftovers(postgres: EmbeddedPostgres) -> list[str]:
    return asking.leftovers(postgres, NAMES)


def postings(postgres: EmbeddedPostgres) -> frozenset[Posting]:
    return frozenset(rows(postgres, SERVICE, _POSTINGS))


def derived(postgres: EmbeddedPostgres) -> dict[tuple[str, str], Decimal]:
    """The balances that the books should have, from the sums of the payments."""
    balances: dict[tuple[str, str], Decimal] = {}
    for currency, open_, cash, captured, refunded in rows(postgres, SERVICE, _DERIVED):
        each = {"receivable": open_, "authorised": -open_, "cash": cash, "sales": -captured, "refunds": refunded}
        balances |= {(account, currency): amount for account, amount in each.items()}
    return balances


def owners(postgres: EmbeddedPostgres) -> dict[str, str]:
    """Of each payment that there is; empty of one whose baton is on its way: then the sides do not say the same."""
    ours = {row[0]: row[1:] for row in rows(postgres, SHOP, _WHERE)}
    theirs = {row[0]: row[1:] for row in rows(postgres, SERVICE, _BATONS)}
    alike = {number for number, known in ours.items() if theirs.get(number, ("monolith", 0)) == known}
    return {number: owner if number in alike else "" for number, (owner, _) in ours.items()}


def by_order(taken: Iterable[Taken]) -> dict[str, list[Taken]]:
    found: dict[str, list[Taken]] = defaultdict(list)
    for each in taken:
        found[each.order_number].append(each)
    return found
