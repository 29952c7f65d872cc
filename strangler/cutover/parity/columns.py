"""Which types both sides write down alike, whatever their databases, and which can be in order on both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from psycopg.postgres import types

_LARGEST = 2**63
_TEXT = "{}::text"


@dataclass(frozen=True, slots=True)
class Column:
    """Two columns are compared where their `family` is the same. `text` is its canonical text in SQL."""

    name: str
    type: str
    family: str
    text: str


@dataclass(frozen=True, slots=True)
class Order:
    """How keys of a family are in order on both sides. `parse` gives what Python sorts alike, or raises `ValueError`.

    Text is in the order of its bytes, whatever the collations. By the operators of `text_pattern_ops`, because Django
    makes an index of these beside each unique or indexed CharField: an index of another collation would be no help.
    """

    type: str
    parse: Callable[[str], Any]
    least: str = ">="
    below: str = "<"
    using: str = ""
    collate: str = ""


def column(name: str, expression: str, type_code: int) -> Column | None:
    """None for a type of which nobody can say that both sides write it alike: floats, types of extensions, …"""
    known = types.get(type_code)
    name_of_type = "" if known is None else known.name + ("[]" if known.array_oid == type_code else "")
    if name_of_type not in _FAMILIES:
        return None
    family, text = _FAMILIES[name_of_type]
    return Column(name, name_of_type, family, text.format(expression))


def type_name(type_code: int) -> str:
    known = types.get(type_code)
    return known.name if known else f"a type of an extension (oid {type_code})"


def order_of(column: Column) -> Order | None:
    """None where it can be no key."""
    return _ORDERS.get(column.type)


def _exact(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Only as the database writes it: `007` is none of its numbers."""

    def parsed(text: str) -> Any:
        value = parse(text)
        if str(value) != text:
            raise ValueError(f"{text!r} is written {value}")
        return value

    return parsed


def _integer(text: str) -> int:
    number = int(text)
    if not -_LARGEST <= number < _LARGEST:
        raise ValueError(f"{number} has more than 64 bits")
    return number


def _bytes(text: str) -> bytes:
    if "\x00" in text:
        raise ValueError("no text of the database holds a NUL")
    return text.encode()


_FAMILIES = {
    "bool": ("boolean", _TEXT),
    **dict.fromkeys(("int2", "int4", "int8"), ("number", _TEXT)),
    "numeric": ("number", "trim_scale({})::text"),
    **dict.fromkeys(("text", "varchar", "bpchar"), ("text", _TEXT)),
    "date": ("date", _TEXT),
    "time": ("time", _TEXT),
    "timestamp": ("time without a zone", _TEXT),
    "timestamptz": ("moment", _TEXT),
    "interval": ("duration", "trim_scale(extract(epoch FROM {}))::text"),
    "uuid": ("uuid", _TEXT),
    "bytea": ("bytes", _TEXT),
    "jsonb": ("JSON", _TEXT),
    "json": ("JSON", "{}::jsonb::text"),
    "bool[]": ("list of boolean", _TEXT),
    **dict.fromkeys(("int2[]", "int4[]", "int8[]"), ("list of number", _TEXT)),
    **dict.fromkeys(("text[]", "varchar[]"), ("list of text", _TEXT)),
    "date[]": ("list of date", _TEXT),
    "timestamptz[]": ("list of moment", _TEXT),
    "uuid[]": ("list of uuid", _TEXT),
}

_BYTEWISE = Order("text", _bytes, "~>=~", "~<~", "USING ~<~", 'COLLATE "C"')
_ORDERS = {
    **dict.fromkeys(("int2", "int4", "int8"), Order("bigint", _exact(_integer))),
    **dict.fromkeys(("text", "varchar"), _BYTEWISE),
    "uuid": Order("uuid", _exact(UUID)),
    "date": Order("date", _exact(date.fromisoformat)),
}
