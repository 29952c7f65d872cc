"""What the gateway knows: authorisations, every movement, and the answer under each idempotency key.

Card tokens are those of the shop's own gateway (monolith/payments/gateway.py): every `tok_…` is charged, except
`tok_declined` and `tok_expired`. That one keeps no state, so a payment that moves from the shop to the service comes
with an authorisation that nobody here has heard of: such a one is adopted, and taken at the word of who asks.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

DECLINED_CARDS = {"tok_declined": "the bank declined it", "tok_expired": "the card has expired"}
OF_THE_SHOP = re.compile(r"auth_[0-9a-f]{32}")
PREFIX = {"authorise": "auth", "capture": "capt", "refund": "refd", "void": "void"}

Answer = tuple[int, dict[str, Any]]


@dataclass
class Authorisation:
    currency: str
    authorised: Decimal
    captured: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)
    voided: Decimal = Decimal(0)
    adopted: bool = False
    order_number: str = ""

    def left(self, kind: str) -> Decimal:
        if self.adopted:
            return Decimal("Infinity")
        return self.captured - self.refunded if kind == "refund" else self.authorised - self.captured - self.voided


@dataclass
class Bank:
    """Thread-safe. With a `journal` it knows after a restart what it knew before, `kill -9` included."""

    journal: Path | None = None
    authorisations: dict[str, Authorisation] = field(default_factory=dict)
    movements: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, tuple[dict[str, Any], Answer]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        if self.journal is not None and self.journal.exists():
            for line in self.journal.read_text(encoding="utf-8").splitlines():
                self._remember(**json.loads(line))

    def do(self, key: str, kind: str, authorisation: str, body: dict[str, Any], *, decline: bool) -> Answer:
        """Once for each key: the same request under it gets the same answer, another one is refused."""
        asked = {"kind": kind, "authorisation": authorisation, "body": body}
        with self.lock:
            if key in self.answers:
                before, answer = self.answers[key]
                return answer if before == asked else (422, _no("key_reused", f"{key} is the key of another request."))
            answer, movement = self._decide(key, kind, authorisation, body, decline=decline)
            entry = {"key": key, "asked": asked, "answer": list(answer), "movement": movement}
            if self.journal is not None:
                with self.journal.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry) + "\n")
            self._remember(**entry)
            return answer

    def _decide(
        self, key: str, kind: str, authorisation: str, body: dict[str, Any], *, decline: bool
    ) -> tuple[Answer, dict[str, Any] | None]:
        amount = _amount(body.get("amount"))
        if amount is None or amount <= 0:
            return (400, _no("bad_amount", f"{body.get('amount')!r} is not an amount above 0.")), None
        known = self.authorisations.get(authorisation) or _adopted(authorisation)
        if kind == "authorise":
            if refusal := _refusal(str(body.get("card_token", "")), amount, body, decline=decline):
                return (402, _no("declined", refusal)), None
        elif known is None:
            return (404, _no("unknown", f"There is no authorisation {authorisation}.")), None
        elif amount > known.left(kind):
            return (409, _no("too_large", f"{amount} is more than the {known.left(kind)} that are left.")), None
        order_number = known.order_number if known else str(body.get("order_number", ""))
        reference, at = f"{PREFIX[kind]}_{uuid4().hex}", datetime.now(UTC).isoformat()
        moved = {"kind": kind, "authorisation": authorisation or reference, "amount": str(amount), "at": at}
        moved |= {"currency": str(body.get("currency", "")), "order_number": order_number}
        movement = {**moved, "id": reference, "key": key}
        return (201, {"id": reference, "at": at}), movement

    def _remember(self, key: str, asked: dict[str, Any], answer: list[Any], movement: dict[str, Any] | None) -> None:
        self.answers[key] = (asked, (answer[0], answer[1]))
        if movement is None:
            return
        self.movements.append({"number": len(self.movements) + 1, **movement})
        amount, kind = Decimal(movement["amount"]), movement["kind"]
        if kind == "authorise":
            made = Authorisation(movement["currency"], amount, order_number=movement["order_number"])
            self.authorisations[movement["id"]] = made
        else:
            name = movement["authorisation"]
            known = self.authorisations.setdefault(name, Authorisation(movement["currency"], Decimal(0), adopted=True))
            total = {"capture": "captured", "refund": "refunded", "void": "voided"}[kind]
            setattr(known, total, getattr(known, total) + amount)


def _adopted(authorisation: str) -> Authorisation | None:
    return Authorisation("", Decimal(0), adopted=True) if OF_THE_SHOP.fullmatch(authorisation) else None


def _amount(told: Any) -> Decimal | None:
    try:
        amount = Decimal(str(told))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _refusal(card_token: str, amount: Decimal, body: dict[str, Any], *, decline: bool) -> str:
    """Empty where the card is charged."""
    if not card_token.startswith("tok_"):
        return "card_token is not a token of this gateway; tok_visa is one that works."
    why = DECLINED_CARDS.get(card_token, "the bank declined it" if decline else "")
    return f"The card could not be charged {amount} {body.get('currency', '')}: {why}. Try another one." if why else ""


def _no(code: str, reason: str) -> dict[str, Any]:
    return {"code": code, "reason": reason}
