"""All foreign keys that cross the border of a context, as models and database have them, and they may differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.apps import apps
from django.db import connections, router
from django.db.models import ForeignKey, ManyToManyField, Model

from strangler.cutover.mapping.foreign_keys import crossing
from strangler.cutover.severing.constraints import Constraint, foreign_keys
from strangler.cutover.severing.dangling import Reference
from strangler.cutover.severing.soft import label

_Key: TypeAlias = "ForeignKey[Any, Any]"


@dataclass(frozen=True, order=True, slots=True)
class Crossing:
    """`source` and `target` are a field and a model, or a column and a table of which no model knows. `constraints`
    are those of the database. `reference` is None for a key of several columns.
    """

    inward: bool
    source: str
    target: str
    in_models: bool
    constraints: tuple[Constraint, ...]
    database: str
    reference: Reference | None

    @property
    def is_held(self) -> bool:
        """Against every row: nothing can dangle."""
        return any(constraint.valid for constraint in self.constraints)


def crossings(context: str) -> list[Crossing]:
    """Inward ones first: they are what keeps its tables where they are."""
    keys = [key for key in _keys() if _crosses(context, key.model, key.related_model)]
    tables = {_table(model): model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy}
    databases = {router.db_for_write(model) for model in tables.values()}
    found = [
        (alias, held)
        for alias in sorted(databases)
        for held in foreign_keys(connections[alias])
        if held.table in tables and held.target in tables and _crosses(context, tables[held.table], tables[held.target])
    ]
    known = [_known(context, key, found) for key in keys]
    expected = {held for each in known for held in each.constraints}
    left = [_left(context, alias, held, tables) for alias, held in found if held not in expected]
    return sorted([*known, *left], key=lambda each: (not each.inward, each.source, each.target))


def inward_models(context: str) -> list[str]:
    """The fields in other apps' models that lead into it: no look at the database is needed for these."""
    return sorted(label(key) for key in _keys() if _label(key.related_model) == context != _label(key.model))


def _keys() -> Iterator[_Key]:
    """That of a ManyToManyField is in its table in between."""
    for model, field, target in crossing(apps.get_app_configs()):
        if isinstance(field, ForeignKey) and not model._meta.proxy:
            yield field
        elif isinstance(field, ManyToManyField):
            yield from _keys_in_between(field, target)


def _keys_in_between(field: ManyToManyField[Any, Any], target: str) -> Iterator[_Key]:
    between = field.remote_field.through
    if between is not None and between._meta.auto_created:
        for key in between._meta.local_fields:
            if isinstance(key, ForeignKey) and _label(key.related_model) == target:
                yield key


def _known(context: str, key: _Key, found: Sequence[tuple[str, Constraint]]) -> Crossing:
    target = key.target_field
    reference = Reference(_table(key.model), str(key.column), _table(target.model), str(target.column))
    alias = router.db_for_write(key.model)
    held = tuple(
        each
        for database, each in found
        if (database, each.table, each.target) == (alias, reference.table, reference.target)
        and each.columns == (reference.column,)
    )
    inward = _label(key.related_model) == context
    return Crossing(inward, label(key), key.related_model._meta.label, True, held, alias, reference)


def _left(context: str, alias: str, held: Constraint, tables: dict[str, type[Model]]) -> Crossing:
    source = f"{held.table}({', '.join(held.columns)})"
    return Crossing(_label(tables[held.target]) == context, source, held.target, False, (held,), alias, None)


def _crosses(context: str, source: type[Model], target: type[Model]) -> bool:
    return (_label(source) == context) is not (_label(target) == context)


def _label(model: type[Model]) -> str:
    return model._meta.app_label


def _table(model: type[Model]) -> str:
    """Without the schema that some put into `db_table` (`'shop"."orders'`)."""
    return model._meta.db_table.strip('"').rpartition('"."')[2]
