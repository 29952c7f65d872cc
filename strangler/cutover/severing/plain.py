"""The plain field that takes a foreign key's place: same column, same type, same index, no constraint."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from django.apps import apps
from django.db import models
from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.utils import resolve_relation
from django.db.models import F, Field, ForeignKey, Q

from strangler.cutover.severing.patience import MigrationRefused

_AnyField: TypeAlias = "Field[Any, Any]"
_OF_THE_RELATION = {
    *("to", "on_delete", "related_name", "related_query_name", "limit_choices_to", "parent_link", "to_field"),
    *("db_constraint", "swappable", "db_index", "unique"),
}
_OF_THE_TYPE = {"max_length", "max_digits", "decimal_places", "db_collation"}
_PLAIN: dict[type[_AnyField], type[_AnyField]] = {
    models.AutoField: models.IntegerField,
    models.BigAutoField: models.BigIntegerField,
    models.SmallAutoField: models.SmallIntegerField,
    models.PositiveIntegerField: models.IntegerField,
    models.PositiveBigIntegerField: models.BigIntegerField,
    models.PositiveSmallIntegerField: models.SmallIntegerField,
}


def foreign_key_of(state: ProjectState, operation: str, model: tuple[str, str], name: str) -> ForeignKey[Any, Any]:
    """Raises `MigrationRefused` naming what the model has instead."""
    label, fields = ".".join(model), state.models[model].fields if model in state.models else None
    if fields is None:
        raise MigrationRefused(f"{operation}: there is no model {label} at this point of the migrations")
    found = fields.get(name)
    if isinstance(found, ForeignKey) and not found.remote_field.parent_link:
        return found
    keys = [each for each, field in fields.items() if isinstance(field, ForeignKey)]
    if isinstance(found, models.ManyToManyField):
        raise MigrationRefused(
            f"{operation}: {label}.{name} is a ManyToManyField: give it a through model, and sever its foreign keys"
        )
    what = "the link to its parent's table" if isinstance(found, ForeignKey) else "no foreign key"
    raise MigrationRefused(f"{operation}: {label}.{name} is {what} ({label} has {', '.join(keys) or 'none'})")


def plain_field(state: ProjectState, model: tuple[str, str], key: Any, *, column: str, name: str) -> _AnyField:
    """To be called `name`, on the foreign key's own column."""
    end = _end_of(state, model, key)
    kind = _PLAIN.get(type(end), type(end))
    kept = {option: value for option, value in end.deconstruct()[3].items() if option in _OF_THE_TYPE}
    kept |= {option: value for option, value in key.deconstruct()[3].items() if option not in _OF_THE_RELATION}
    kept.pop("db_column", None)
    if column != name:
        kept["db_column"] = column
    if key.unique and not key.primary_key:
        kept["unique"] = True
    return kind(**kept, db_index=key.db_index and not key.unique)


def _end_of(state: ProjectState, model: tuple[str, str], key: _AnyField) -> _AnyField:
    """The field that a chain of keys ends at: a primary key may be a foreign key itself."""
    if not isinstance(key, ForeignKey):
        return key
    target = resolve_relation(key.remote_field.model, *model)
    wanted = key.remote_field.field_name
    fields = _fields_of(state, target)
    found = fields[wanted] if wanted else next(field for field in fields.values() if field.primary_key)
    return _end_of(state, target, found)


def _fields_of(state: ProjectState, model: tuple[str, str]) -> dict[str, _AnyField]:
    if model in state.models:
        return dict(state.models[model].fields)
    return {field.name: field for field in apps.get_model(*model)._meta.local_fields}  # of an app without migrations


def renamed_in_options(model: ModelState, old: str, new: str) -> dict[str, Any]:
    """The model's options, in which indexes and constraints call the field by its new name: in the database they stand
    on the same column. Raises `MigrationRefused` for what can't be told from outside: expressions.
    """
    options = dict(model.options)
    if old == new:
        return options
    for option in ("indexes", "constraints"):
        options[option] = [_renamed(item, old, new) for item in options.get(option, ())]
    for option in ("unique_together", "index_together"):
        if options.get(option):
            options[option] = {tuple(_names(names, old, new)) for names in options[option]}
    return options


def _renamed(item: Any, old: str, new: str) -> Any:
    path, args, kwargs = item.deconstruct()
    if _mentions(args, old) or any(_mentions(kwargs.get(name), old) for name in ("condition", "check", "expressions")):
        raise MigrationRefused(
            f"{path.rpartition('.')[2]} {item.name} mentions {old!r} in a condition or an expression, and would not "
            f"know it as {new!r}: keep the name with to={old!r}"
        )
    for name in ("fields", "include"):
        if kwargs.get(name):
            kwargs[name] = type(kwargs[name])(_names(kwargs[name], old, new))
    return type(item)(*args, **kwargs)


def _names(names: Iterable[str], old: str, new: str) -> list[str]:
    return [f"-{new}" if name == f"-{old}" else new if name == old else name for name in names]


def _mentions(part: Any, name: str) -> bool:
    if isinstance(part, str):
        return part.split("__")[0] == name
    if isinstance(part, Q):
        return any(_mentions(child, name) for child in part.children)
    if isinstance(part, F):
        return _mentions(part.deconstruct()[1], name)
    if isinstance(part, tuple | list):
        return any(_mentions(each, name) for each in part)
    return any(_mentions(each, name) for each in getattr(part, "get_source_expressions", list)())
