"""`STRANGLER["SOFT_REFERENCES"]`: columns that say which row of another context is meant, with no constraint to it."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.apps import apps
from django.db import models, router

from strangler.conf import settings
from strangler.cutover.severing.dangling import Reference
from strangler.errors import ConfigurationError


class Soft(NamedTuple):
    """Both by their fields: `orders.OrderLine.warehouse` and `inventory.Warehouse.code`."""

    source: models.Field[Any, Any]
    target: models.Field[Any, Any]

    @property
    def reference(self) -> Reference:
        source, target = self.source, self.target
        table, other = source.model._meta.db_table, target.model._meta.db_table
        return Reference(table, str(source.column), other, str(target.column))

    @property
    def contexts(self) -> tuple[str, str]:
        return self.source.model._meta.app_label, self.target.model._meta.app_label

    @property
    def database(self) -> str | None:
        """None where the two tables are not in one, and no statement can hold them against each other."""
        here, there = router.db_for_read(self.source.model), router.db_for_read(self.target.model)
        return here if here == there else None

    def __str__(self) -> str:
        return f"{label(self.source)} → {label(self.target)}"


def soft_references() -> list[Soft]:
    """Raises `ConfigurationError` naming every one at fault."""
    found = [declared(source, target) for source, target in settings.soft_references.items()]
    if problems := [each for each in found if isinstance(each, str)]:
        raise ConfigurationError("; ".join(problems))
    return [each for each in found if isinstance(each, Soft)]


def declared(source: str, target: str) -> Soft | str:
    """Or what is wrong with it."""
    where = f'STRANGLER["SOFT_REFERENCES"][{source!r}]'
    fields = [_field(source), _field(target)]
    wrong = [name for name, field in zip((source, target), fields, strict=True) if field is None]
    if wrong:
        return f"{where}: there is no field {wrong[0]!r}; it takes '<app label>.<Model>.<field>' of an installed app"
    one, other = fields
    assert one is not None and other is not None  # noqa: S101, PT018  (for mypy)
    if one.is_relation:
        return f"{where}: {source} is a foreign key still, not a soft reference: SeverForeignKey makes it one"
    return Soft(one, other)


def label(field: models.Field[Any, Any]) -> str:
    return f"{field.model._meta.label}.{field.name}"


def _field(path: str) -> models.Field[Any, Any] | None:
    model, _, name = path.rpartition(".")
    try:
        fields = {field.name: field for field in apps.get_model(model)._meta.concrete_fields}
    except (LookupError, ValueError):
        return None
    return fields.get(name)
