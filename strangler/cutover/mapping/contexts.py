"""Each installed app of the project's own, with its ties to the others: foreign keys, and imports of models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.apps import AppConfig, apps

from strangler.cutover.mapping.foreign_keys import crossing
from strangler.cutover.mapping.imports import model_imports
from strangler.messaging import registry

NOT_THE_PROJECTS_OWN = ("django.", "rest_framework", "strangler.")


class Kind(StrEnum):
    FOREIGN_KEY = "foreign key"
    IMPORT = "import of models"


@dataclass(frozen=True, order=True, slots=True)
class Tie:
    """`source` cannot do without a table of `target`, for what stands at `place`."""

    source: str
    target: str
    kind: Kind
    place: str


@dataclass(frozen=True, slots=True)
class Context:
    """`outgoing`: what it needs of others. `incoming`: what others need of it, which is what taking it out breaks."""

    label: str
    tables: int
    events: int
    outgoing: tuple[Tie, ...]
    incoming: tuple[Tie, ...]


def context_map() -> list[Context]:
    """Of the apps that have tables or events; whom the fewest others need comes first."""
    configs = [config for config in apps.get_app_configs() if not config.name.startswith(NOT_THE_PROJECTS_OWN)]
    ties = sorted({*_foreign_keys(configs), *_imports(configs)})
    contexts = [_context(config, ties) for config in configs]
    found = [context for context in contexts if context.tables or context.events]
    return sorted(found, key=lambda context: (len(_sources(context)), len(context.incoming), context.label))


def _context(config: AppConfig, ties: Iterable[Tie]) -> Context:
    return Context(
        config.label,
        tables=sum(1 for model in config.get_models() if model._meta.managed and not model._meta.proxy),
        events=sum(1 for event in registry if event.owner == config.label),
        outgoing=tuple(tie for tie in ties if tie.source == config.label),
        incoming=tuple(tie for tie in ties if tie.target == config.label),
    )


def _sources(context: Context) -> set[str]:
    return {tie.source for tie in context.incoming}


def _foreign_keys(configs: Iterable[AppConfig]) -> Iterator[Tie]:
    for model, field, target in crossing(configs):
        yield Tie(model._meta.app_label, target, Kind.FOREIGN_KEY, f"{model._meta.object_name}.{field.name}")


def _imports(configs: Iterable[AppConfig]) -> Iterator[Tie]:
    models_of = {f"{config.name}.models": config.label for config in configs}
    for config in configs:
        for imported, place in model_imports(config, models_of.keys()):
            if models_of[imported] != config.label:
                yield Tie(config.label, models_of[imported], Kind.IMPORT, place)
