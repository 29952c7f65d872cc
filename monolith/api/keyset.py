"""The rows after a given one, in a stable order: what cursor pagination asks the database for.

Cheap at any depth, and rows that come or go elsewhere neither repeat nor hide others. Source: Winand, "We need tool
support for keyset pagination".
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db.models import Field, Model, Q, QuerySet


class Key(NamedTuple):
    """One column of an ordering."""

    name: str
    descending: bool
    field: Field

    def value_of(self, row: Model) -> str | None:
        """As text, from which `parse` makes the value again."""
        value = reduce(lambda inner, name: getattr(inner, name, None), self.name.split("__"), row)
        return None if value is None else str(value)

    def parse(self, text: str | None) -> Any:
        return self.field.to_python(text)

    def beyond(self, value: Any, *, descending: bool) -> Q:
        """Strictly after `value`. PostgreSQL sorts NULL as the greatest."""
        if descending:
            return Q((f"{self.name}__isnull", False)) if value is None else Q((f"{self.name}__lt", value))
        return Q(pk__in=[]) if value is None else Q((f"{self.name}__gt", value)) | Q((f"{self.name}__isnull", True))

    def equal(self, value: Any) -> Q:
        return Q((f"{self.name}__isnull", True)) if value is None else Q((self.name, value))


def keys_of(queryset: QuerySet) -> list[Key]:
    """The queryset's ordering, ended by the primary key unless it is unique already."""
    names = queryset.query.order_by or queryset.model._meta.ordering
    keys = [_key(queryset, name) for name in names]
    if not any(key.field.unique and not key.field.null and "__" not in key.name for key in keys):
        keys.append(Key("pk", keys[-1].descending if keys else False, queryset.model._meta.pk))
    return keys


def ordered(queryset: QuerySet, keys: Sequence[Key], *, backwards: bool) -> QuerySet:
    return queryset.order_by(*(f"{'-' if key.descending != backwards else ''}{key.name}" for key in keys))


def after(queryset: QuerySet, keys: Sequence[Key], position: Sequence[str | None], *, backwards: bool) -> QuerySet:
    """The rows beyond `position`, one text per key: beyond in the first key, or equal in it and beyond in the next."""
    found, same = Q(pk__in=[]), Q()
    for key, text in zip(keys, position, strict=True):
        value = key.parse(text)
        found |= same & key.beyond(value, descending=key.descending != backwards)
        same &= key.equal(value)
    return queryset.filter(found)


def _key(queryset: QuerySet, name: Any) -> Key:
    if not isinstance(name, str):
        raise ImproperlyConfigured(f"A paginated list is ordered by names, not by {name!r}; annotate it.")
    bare = name.removeprefix("-")
    annotation = queryset.query.annotations.get(bare)
    field = annotation.output_field if annotation is not None else _field(queryset.model, bare)
    return Key(bare, name.startswith("-"), field)


def _field(model: type[Model], path: str) -> Field:
    field: Any = None
    for name in path.split("__"):
        try:
            field = model._meta.pk if name == "pk" else model._meta.get_field(name)
        except FieldDoesNotExist as error:
            raise ImproperlyConfigured(f"A list can't be ordered by {path}: {error}.") from error
        model = field.related_model or model
    return field.target_field if field.is_relation else field
