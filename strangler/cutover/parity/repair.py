"""What the service has wrong is told again as events: nobody writes into another's tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import FieldError

from strangler.conf import ServiceSettings, settings
from strangler.cutover.backfilling import Backfill, backfills
from strangler.cutover.parity.declared import Parity
from strangler.cutover.parity.narrowing import in_batches
from strangler.errors import ConfigurationError, ParityError

KEYS_AT_ONCE = 1_000


def require_repairable(declared: Parity) -> None:
    """Before anything is compared. Raises `ParityError` and `ConfigurationError`, naming what is missing."""
    _backfill_of(declared)
    _groups_of(declared)


def tell_again(declared: Parity, keys: Sequence[str]) -> dict[str, int]:
    """Publish the present state of these rows, to the service's groups alone. Rows told, by group."""
    backfill, groups = _backfill_of(declared), _groups_of(declared)
    pks = [pk for some in in_batches(keys, KEYS_AT_ONCE) for pk in _rows_of(backfill, declared, some)]
    return {group: backfill.tell_again(group, pks) for group in groups}


def _rows_of(backfill: Backfill[Any], declared: Parity, keys: list[str]) -> list[object]:
    try:
        return list(backfill.rows().filter(**{f"{declared.key}__in": keys}).values_list("pk", flat=True))
    except FieldError as error:
        raise ParityError(
            f"{declared.label}: its key {declared.key!r} is no field of the rows of backfill {declared.backfill!r}: "
            "name a backfill of which it is one, or annotate it there"
        ) from error


def _backfill_of(declared: Parity) -> Backfill[Any]:
    if not declared.backfill:
        raise ParityError(f"{declared.label} names no backfill=: nothing is known that could tell its rows again")
    if declared.backfill not in backfills:
        known = ", ".join(sorted(backfills)) or "none"
        raise ParityError(f"{declared.label} names backfill {declared.backfill!r}, which there is not (known: {known})")
    return backfills[declared.backfill]


def _groups_of(declared: Parity) -> tuple[str, ...]:
    groups: tuple[str, ...] = settings.services.get(declared.context, ServiceSettings()).groups
    if not groups:
        raise ConfigurationError(
            f'STRANGLER["SERVICES"]["{declared.context}"]["GROUPS"] is empty: it takes the names of the service\'s '
            "consumer groups, to which events are told again"
        )
    return groups
