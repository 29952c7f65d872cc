"""What each event means in the books: double entry, debits positive, credits negative; together they are nothing.

| account | balance |
|---|---|
| `receivable` | what customers' banks have set aside for orders and nobody has taken |
| `authorised` | the same with the other sign: what the shop owes nobody yet, but may take |
| `cash` | what was taken and not given back |
| `sales` | all that was ever taken, as a credit |
| `refunds` | all that was ever given back |
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from extracted.payments.domain import events
from extracted.payments.errors import Unbalanced
from strangler.messaging import Event


class Account(StrEnum):
    RECEIVABLE = "receivable"
    AUTHORISED = "authorised"
    CASH = "cash"
    SALES = "sales"
    REFUNDS = "refunds"


@dataclass(frozen=True, slots=True)
class Posting:
    account: Account
    amount: Decimal


def postings(event: Event) -> list[Posting]:
    """None for what moves no money. Raises Unbalanced."""
    match event:
        case events.MoneyAuthorised():
            entered = _set_aside(event.amount)
        case events.MoneyCaptured():
            entered = _taken(event.amount)
        case events.MoneyRefunded():
            entered = _given_back(event.amount)
        case events.MoneyReleased():
            entered = _set_aside(-event.amount)
        case events.PaymentLearned():
            entered = [
                *_set_aside(event.authorised_by - event.released_by),
                *_taken(event.captured_by),
                *_given_back(event.refunded_by),
            ]
        case _:
            return []
    return balanced(entered)


def balanced(entered: list[Posting]) -> list[Posting]:
    """One for each account that changes. Raises Unbalanced naming what is left over."""
    by_account = {account: sum(each.amount for each in entered if each.account == account) for account in Account}
    if left_over := sum(by_account.values()):
        raise Unbalanced(f"Postings {entered} leave {left_over} over; debits and credits of an event must be equal.")
    return [Posting(account, Decimal(amount)) for account, amount in by_account.items() if amount]


def _set_aside(amount: Decimal) -> list[Posting]:
    return [Posting(Account.RECEIVABLE, amount), Posting(Account.AUTHORISED, -amount)]


def _taken(amount: Decimal) -> list[Posting]:
    return [*_set_aside(-amount), Posting(Account.CASH, amount), Posting(Account.SALES, -amount)]


def _given_back(amount: Decimal) -> list[Posting]:
    return [Posting(Account.REFUNDS, amount), Posting(Account.CASH, -amount)]
