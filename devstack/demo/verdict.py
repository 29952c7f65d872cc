"""Was every event handled exactly once? The API's answers, both databases, the broker and the mailbox must agree."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from devstack.demo.journal import TEMPLATES, Journal
from devstack.demo.observer import Sight, Way
from devstack.shop.finding import Finding


@dataclass(frozen=True)
class Evidence:
    """What is compared. `mailbox` counts each Message-ID among the files that were sent."""

    journal: Journal
    sight: Sight
    mailbox: Counter[str]
    mails_sent_by_the_shop: int


def judge(evidence: Evidence) -> list[Finding]:
    return [Finding(claim, list(check(evidence))) for claim, check in _claims(evidence)]


def _claims(evidence: Evidence) -> list[tuple[str, Callable[[Evidence], Iterable[str]]]]:
    journal, sight = evidence.journal, evidence.sight
    promised, keys = journal.promised.total(), _by_key(sight.ways)
    several = sum(len(ways) > 1 for ways in keys.values())
    return [
        (
            f"{journal.orders} orders acknowledged by the API, {promised} events to expect: just these",
            _events_of_orders,
        ),
        (f"{sight.published - sight.pending} of {sight.published} events have left the outbox", _nothing_pending),
        (f"{sight.handled} of {len(sight.ways)} events for the service are in its inbox, once each", _inbox),
        (f"{sight.mailed} of {len(sight.ways)} e-mails are sent, one for each event", _mails),
        (f"{len(evidence.mailbox)} different e-mails are in the mailbox, just those, and none by the shop", _mailbox),
        (f"order kept in each of {len(keys)} keys, {several} of them with several events", _order),
        ("no dead letters, nothing parked, the queue is empty", _leftovers),
    ]


def _events_of_orders(evidence: Evidence) -> Iterator[str]:
    """Both directions: no acknowledged order without its events, no event without an acknowledged order."""
    promised = evidence.journal.promised
    published = Counter((way.type, way.aggregate_id) for way in evidence.sight.ways)
    for what, number in sorted(promised.keys() | published.keys()):
        wanted, found = promised[what, number], published[what, number]
        if wanted != found:
            yield f"order {number}: {found} {what} in the outbox, the API's answers say {wanted}"


def _nothing_pending(evidence: Evidence) -> Iterator[str]:
    if evidence.sight.pending:
        yield f"{evidence.sight.pending} events in the outbox were never confirmed by the broker"


def _inbox(evidence: Evidence) -> Iterator[str]:
    """The inbox's key makes `twice` impossible; what is left to be wrong is `never`, and `out of nowhere`."""
    sight = evidence.sight
    for way in sight.ways:
        if way.handled_at is None:
            relayed = f"relayed at {way.relayed_at:%T}" if way.relayed_at else "never relayed"
            yield f"{_name(way)} was not handled ({relayed})"
    for message_id in sight.inbox.keys() - {way.id for way in sight.ways}:
        yield f"message {message_id} was handled, but is not in the shop's outbox"


def _mails(evidence: Evidence) -> Iterator[str]:
    """The address comes from the API's side, not from the event."""
    wanted = Counter(
        (str(way.id), evidence.journal.address_of.get(way.aggregate_id, "?"), TEMPLATES[way.type])
        for way in evidence.sight.ways
    )
    found = Counter((mail.cause, mail.address, mail.template) for mail in evidence.sight.mails)
    for cause, address, template in sorted(wanted.keys() | found.keys()):
        key = cause, address, template
        if wanted[key] != found[key]:
            yield f"{template} to {address} for event {cause}: {found[key]} e-mails instead of {wanted[key]}"
    for mail in evidence.sight.mails:
        if mail.status != "sent":
            yield f"{mail.template} to {mail.address} for event {mail.cause} is {mail.status}"


def _mailbox(evidence: Evidence) -> Iterator[str]:
    noted = {mail.message_id for mail in evidence.sight.mails}
    for message_id in sorted(noted - evidence.mailbox.keys()):
        yield f"{message_id} is noted as sent, but was never delivered"
    for message_id in sorted(evidence.mailbox.keys() - noted):
        yield f"{message_id} was delivered, but the service knows nothing of it"
    shop = evidence.sight.mails_of_the_shop + evidence.mails_sent_by_the_shop
    if shop:
        yield f"the shop wrote or sent {shop} e-mails although notifications are extracted"


def _order(evidence: Evidence) -> Iterator[str]:
    """Twice: by the time in the inbox, and by the row number of the e-mail, which the handler itself took."""
    mail_of = {mail.cause: mail.id for mail in evidence.sight.mails}
    for key, ways in _by_key(evidence.sight.ways).items():
        handled = [way for way in ways if way.handled_at is not None]
        times = [way.handled_at for way in handled]
        numbers = [mail_of[str(way.id)] for way in handled if str(way.id) in mail_of]
        if times != sorted(times) or numbers != sorted(numbers):  # type: ignore[type-var]
            yield f"{key}: {', '.join(way.type for way in ways)} were published in this order, but not handled in it"


def _leftovers(evidence: Evidence) -> Iterator[str]:
    for kind, key, status, attempts, error in evidence.sight.parked:
        reason = (error.strip().splitlines() or ["it waits behind another one"])[-1]
        yield f"{kind} of {key} is {status} after {attempts} attempts: {reason}"
    if evidence.sight.queued:
        yield f"{evidence.sight.queued} messages are still in the broker's queue"


def _by_key(ways: Iterable[Way]) -> dict[str, list[Way]]:
    keys: dict[str, list[Way]] = defaultdict(list)
    for way in ways:  # they come in the order of `position`
        keys[f"{way.aggregate_type}:{way.aggregate_id}"].append(way)
    return keys


def _name(way: Way) -> str:
    return f"{way.type} of {way.aggregate_id} (event {way.id})"
