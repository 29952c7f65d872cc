"""The checker. The truth is what the API answered (`writes.jsonl`); the outbox is not asked.

An event that is lost, doubled, late, early or made up shows in what the auditor wrote down; in the e-mails; and in the
stock, because each event about it tells the levels after it, which must follow from those of the event before.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from devstack.chaos.evidence import Evidence, Heard
from devstack.chaos.expected import ADJUSTED, PLACED, RESERVED, Expected, Fact, expect
from devstack.chaos.writes import ACKNOWLEDGED, REFUSED
from devstack.shop.finding import Finding


@dataclass(frozen=True)
class Case:
    evidence: Evidence
    expected: Expected


def judge(evidence: Evidence) -> list[Finding]:
    case = Case(evidence, expect(evidence.writes))
    return [Finding(claim, list(check(case))) for claim, check in _claims(case)]


def _claims(case: Case) -> list[tuple[str, Callable[[Case], Iterator[str]]]]:
    states = Counter(write.state for write in case.evidence.writes)
    refused, keys = states[REFUSED], len(case.expected.history)
    return [
        (f"{len(case.evidence.writes)} requests to write have their answer", _answered),
        (f"{states[ACKNOWLEDGED]} acknowledged writes are in the shop, and no others", _durable),
        (f"their {case.expected.facts} events were handled, just these", _events),
        ("no message was handled twice", _doubles),
        (f"{refused} refused writes, which were rolled back, left no event", _phantoms),
        (f"order kept in each of {keys} keys", _order),
        ("each event about stock follows from the one before", _levels),
        (f"{case.expected.mails.total()} e-mails written and sent, one for each of their events", _mails),
        ("payments, their ledger and the answers agree", _books),
        ("stock, its ledger, its reservations and the answers agree", _stock),
        ("nothing is pending, parked, dead or left in the broker", _leftovers),
    ]


def _answered(case: Case) -> Iterator[str]:
    for write in case.evidence.writes:
        if write.state not in {ACKNOWLEDGED, REFUSED}:
            yield f"{write.id} is still {write.state}"


def _durable(case: Case) -> Iterator[str]:
    orders = {account.number: account for account in case.evidence.accounts}
    for number in sorted(case.expected.orders.keys() | orders.keys()):
        wanted, found = case.expected.orders.get(number), orders.get(number)
        if wanted is None:
            yield f"order {number} is in the shop, and nobody was told so"
        elif found is None:
            yield f"order {number} was acknowledged, and is not in the shop"
        elif (found.status, found.total) != (wanted.status, wanted.total):
            yield f"order {number} is {found.status} {found.total}, the answers say {wanted.status} {wanted.total}"


def _events(case: Case) -> Iterator[str]:
    """By the request that caused them; how often the same message was handled is another check's business."""
    heard: dict[str, Counter[Fact]] = defaultdict(Counter)
    for each in {each.message_id: each for each in case.evidence.heard}.values():
        heard[each.correlation_id][_fact(each)] += 1
    for write, facts in case.expected.of_write.items():
        wanted = Counter(facts)
        for fact in sorted(wanted.keys() | heard[write].keys(), key=str):
            if wanted[fact] != heard[write][fact]:
                yield f"{fact.type} of {fact.key} ({fact.figure}) for {write}: {heard[write][fact]} of {wanted[fact]}"


def _doubles(case: Case) -> Iterator[str]:
    runs = Counter(each.message_id for each in case.evidence.heard)
    for each in {each.message_id: each for each in case.evidence.heard}.values():
        if runs[each.message_id] > 1:
            yield f"{each.type} of {each.key} ({each.message_id}) was handled {runs[each.message_id]} times"


def _phantoms(case: Case) -> Iterator[str]:
    state = {write.id: write.state for write in case.evidence.writes}
    for each in case.evidence.heard:
        if each.correlation_id not in case.expected.of_write:
            known = state.get(each.correlation_id, "unknown to the log")
            yield f"{each.type} of {each.key} comes from {each.correlation_id}, which is {known}"


def _order(case: Case) -> Iterator[str]:
    """All that happened to one order is done by one thread, so its order is that of the log."""
    heard: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    seen = set()
    for each in case.evidence.heard:
        if each.message_id not in seen:
            seen.add(each.message_id)
            heard[each.type.partition(".")[0], each.key].append(_fact(each))
    for (owner, key), wanted in case.expected.history.items():
        there = set(heard[owner, key])
        if owner != "inventory" and heard[owner, key] != (rest := [fact for fact in wanted if fact in there]):
            told = ", ".join(fact.type for fact in heard[owner, key])
            yield f"{owner} {key}: handled {told} instead of {', '.join(fact.type for fact in rest)}"


def _levels(case: Case) -> Iterator[str]:
    """From the levels before the load to those in the table now, without a gap."""
    levels = {(shelf.sku, shelf.warehouse): (shelf.on_hand, shelf.reserved) for shelf in case.evidence.shelves_before}
    for each in (each for each in case.evidence.heard if each.warehouse):
        place, quantity = (each.key, each.warehouse), int(each.figure or 0)
        on_hand, reserved = levels.get(place, (0, 0))
        if each.type == ADJUSTED:
            on_hand += quantity
        else:
            reserved += quantity if each.type == RESERVED else -quantity
        if (on_hand, reserved) != (each.on_hand, each.reserved):
            yield f"{each.type} of {each.key} ({each.message_id}) does not follow: {on_hand}/{reserved} expected"
        levels[place] = (int(each.on_hand or 0), int(each.reserved or 0))
    for shelf in case.evidence.shelves:
        if levels.get((shelf.sku, shelf.warehouse)) != (shelf.on_hand, shelf.reserved):
            yield f"{shelf.sku} in {shelf.warehouse} is {shelf.on_hand}/{shelf.reserved}, the events say otherwise"


def _mails(case: Case) -> Iterator[str]:
    """SMTP has no transactions: a mail may go out twice under one Message-ID, by which it is known for a double."""
    mails, mailbox = case.evidence.mails, case.evidence.mailbox
    found = Counter((mail.order, mail.template, mail.address) for mail in mails)
    for kind in sorted(found.keys() | case.expected.mails.keys()):
        if found[kind] != case.expected.mails[kind]:
            yield f"{' '.join(kind)}: {found[kind]} e-mails instead of {case.expected.mails[kind]}"
    for mail in mails:
        if mail.status != "sent" or mail.message_id not in mailbox:
            yield f"{mail.template} of {mail.order} is {mail.status}, sent {mailbox[mail.message_id]} times"
    for message_id in mailbox.keys() - {mail.message_id for mail in mails}:
        yield f"{message_id} was sent, and nobody knows of it"
    for each in case.evidence.heard:
        if each.type == PLACED and each.key in case.expected.orders:
            address = case.expected.orders[each.key].email
            if each.email != address:
                yield f"{each.key} is {address}'s, but read as version {each.read_as} the event says {each.email!r}"


def _books(case: Case) -> Iterator[str]:
    for account in case.evidence.accounts:
        columns = (account.authorised, account.captured, account.refunded)
        ledger = (account.ledger_authorised, account.ledger_captured, account.ledger_refunded)
        if columns != ledger:
            yield f"payment of {account.number} says {_sums(columns)}, its ledger {_sums(ledger)}"
        if (order := case.expected.orders.get(account.number)) is not None:
            answers = (order.total, order.captured, order.refunded)
            if columns != answers:
                yield f"payment of {account.number} says {_sums(columns)}, the answers {_sums(answers)}"


def _stock(case: Case) -> Iterator[str]:
    reserved: Counter[str] = Counter()
    on_hand: Counter[str] = Counter()
    for shelf in case.evidence.shelves:
        reserved[shelf.sku] += shelf.reserved
        on_hand[shelf.sku] += shelf.on_hand
        if (shelf.on_hand, shelf.reserved) != (shelf.moved, shelf.promised):
            yield (
                f"{shelf.sku} in {shelf.warehouse}: {shelf.on_hand} on hand, {shelf.reserved} reserved; "
                f"the ledger says {shelf.moved}, the reservations {shelf.promised}"
            )
    before: Counter[str] = Counter()
    for shelf in case.evidence.shelves_before:
        before[shelf.sku] += shelf.on_hand
    promised = case.expected.reserved()
    for sku in sorted(on_hand.keys() | before.keys()):
        wanted = before[sku] + case.expected.restocked[sku]
        if (on_hand[sku], reserved[sku]) != (wanted, promised[sku]):
            yield f"{sku}: {on_hand[sku]}/{reserved[sku]}, the answers say {wanted}/{promised[sku]}"


def _leftovers(case: Case) -> Iterator[str]:
    if case.evidence.pending:
        yield f"{case.evidence.pending} events in the outbox were never confirmed by the broker"
    for group, count in case.evidence.backlog.items():
        if count:
            yield f"{count} messages still wait for {group} in the broker"
    for kind, key, status, attempts, error in case.evidence.parked:
        reason = (error.strip().splitlines() or ["it waits behind another one"])[-1]
        yield f"{kind} of {key} is {status} after {attempts} attempts: {reason}"


def _fact(heard: Heard) -> Fact:
    return Fact(heard.type, heard.key, heard.figure)


def _sums(amounts: tuple[object, ...]) -> str:
    return "/".join(map(str, amounts))
