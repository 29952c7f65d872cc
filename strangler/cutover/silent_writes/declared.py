"""`STRANGLER["MODELS_WITH_EVENTS"]`, with the models and tables that its labels stand for."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.apps import apps
from django.db import models

from strangler.conf import ModelWithEvents, settings
from strangler.errors import ConfigurationError


class Declared(NamedTuple):
    """A model whose changes must be events. `key` is the field that holds the id of the aggregate told of."""

    label: str
    model: type[models.Model]
    aggregate: str
    key: models.Field[Any, Any] | None

    @property
    def table(self) -> str:
        """Without the schema that some put into `db_table` (`'shop"."orders'`)."""
        return self.model._meta.db_table.strip('"').rpartition('"."')[2]

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Its columns."""
        return tuple(str(field.column) for field in self.model._meta.pk_fields)

    @property
    def has_a_row_for_each_key(self) -> bool:
        return self.key is not None and self.key.unique

    def is_told_by(self, aggregate_type: str) -> bool:
        """By any event of the context, unless the declaration names an aggregate."""
        if self.aggregate:
            return aggregate_type == self.aggregate
        return aggregate_type.startswith(f"{self.model._meta.app_label}.")

    @property
    def teller(self) -> str:
        """For messages: whose events are missed."""
        return self.aggregate or f"{self.model._meta.app_label}.*"


def declared_models() -> list[Declared]:
    """Raises `ConfigurationError` naming every label or field that is unknown."""
    found = [declared(label, item) for label, item in settings.models_with_events.items()]
    if problems := [each for each in found if isinstance(each, str)]:
        raise ConfigurationError("; ".join(problems))
    return [each for each in found if isinstance(each, Declared)]


def declared(label: str, item: ModelWithEvents) -> Declared | str:
    """Or what is wrong with it."""
    where = f'STRANGLER["MODELS_WITH_EVENTS"][{label!r}]'
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return f"{where}: there is no such model; it takes '<app label>.<Model>' of an installed app"
    model = model._meta.concrete_model or model
    columns = {name: field for field in model._meta.concrete_fields for name in (field.name, field.attname)}
    if item.key and item.key not in columns:
        return f'{where}["KEY"]: {label} has no column {item.key!r} (it has {", ".join(columns)})'
    return Declared(model._meta.label, model, item.aggregate, columns[item.key] if item.key else None)
