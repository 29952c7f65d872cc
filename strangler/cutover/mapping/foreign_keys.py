"""Which models hold on to another app's tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from django.apps import AppConfig
from django.db.models import ForeignKey, ManyToManyField, Model

Relation: TypeAlias = "ForeignKey[Any, Any] | ManyToManyField[Any, Any]"


def crossing(configs: Iterable[AppConfig]) -> Iterator[tuple[type[Model], Relation, str]]:
    """Each relation that leads from one of these apps to another of them, which is the third of each triple."""
    apps = list(configs)
    labels = {config.label for config in apps}
    for config in apps:
        for model in config.get_models():
            for field in model._meta.local_fields + model._meta.local_many_to_many:
                if isinstance(field, ForeignKey | ManyToManyField):
                    target = field.related_model._meta.app_label
                    if target in labels - {config.label}:
                        yield model, field, target
