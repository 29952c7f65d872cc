"""An account, event-sourced: money comes and goes, and what was put in as cents once is in units today."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from strangler.eventstore import EventStream
from strangler.messaging import Event, upcaster


class Opened(Event, type="sample.account_opened", aggregate="account", key="account", kind="domain"):
    account: str
    owner: str = ""


class Deposited(Event, type="sample.account_deposited", version=3, aggregate="account", key="account", kind="domain"):
    account: str
    amount: Decimal
    reason: str


class Withdrawn(Event, type="sample.account_withdrawn", aggregate="account", key="account", kind="domain"):
    account: str
    amount: Decimal


@upcaster("sample.account_deposited", from_version=1)
def in_units(data: dict[str, Any]) -> dict[str, Any]:
    return {"account": data["account"], "amount": str(Decimal(data["cents"]) / 100)}


@upcaster("sample.account_deposited", from_version=2)
def with_a_reason(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "reason": "unknown"}


class Account(BaseModel):
    model_config = ConfigDict(frozen=True)

    owner: str = ""
    balance: Decimal = Decimal(0)
    moves: int = 0


def evolve(state: Account, event: Opened | Deposited | Withdrawn) -> Account:
    match event:
        case Opened():
            return state.model_copy(update={"owner": event.owner})
        case Deposited():
            return _moved(state, event.amount)
        case Withdrawn():
            return _moved(state, -event.amount)


def _moved(state: Account, by: Decimal) -> Account:
    return state.model_copy(update={"balance": state.balance + by, "moves": state.moves + 1})


class Noted(Event, type="sample.noted", aggregate="note", key="note", kind="domain"):
    note: str
    text: str = ""


class Notes(BaseModel):
    model_config = ConfigDict(frozen=True)

    texts: tuple[str, ...] = ()


def write_down(state: Notes, event: Noted) -> Notes:
    return Notes(texts=(*state.texts, event.text))


accounts = EventStream(
    "account", state=Account, evolve=evolve, events=(Opened, Deposited, Withdrawn), snapshot_every=10
)
notes = EventStream("note", state=Notes, evolve=write_down, events=(Noted,), snapshot_every=0)
