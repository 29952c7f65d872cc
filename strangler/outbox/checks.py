"""System checks: an event is published only by the context that owns it, and is declared once there."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core import checks

from strangler.apps import is_owned
from strangler.messaging import Event, registry

_PUBLISHERS = {"publish", "publish_many"}
_NOT_CODE = {"migrations", "tests", "factories.py"}


@checks.register("strangler")
def check_publishers(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E101: a module builds another context's event inside `publish(...)`; found by reading the code."""
    return [
        checks.Error(
            f"{path}:{line} publishes {event.__qualname__} ({event.event_type!r}), which context {event.owner!r} owns, "
            f"from app {app.label!r}",
            hint=f"Call a service of {event.owner!r} that publishes it, or publish an event of your own.",
            id="strangler.E101",
        )
        for app in app_configs or apps.get_app_configs()
        for path, line, event in _foreign_publications(app)
    ]


@checks.register("strangler")
def check_declarations(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E102: two classes of the owner declare the same event and version."""
    owned: dict[str, type[Event]] = {}
    problems: list[checks.CheckMessage] = []
    for event in registry:
        if not is_owned(event):
            continue
        first = owned.setdefault(event.wire_type(), event)
        if first is not event:
            problems.append(
                checks.Error(
                    f"{event.wire_type()} is declared twice: {_name(first)} and {_name(event)}",
                    hint="Keep one, or raise version= in the newer one.",
                    id="strangler.E102",
                )
            )
    return problems


def _foreign_publications(app: AppConfig) -> Iterator[tuple[Path, int, type[Event]]]:
    for path in sorted(Path(app.path).rglob("*.py")):
        inside = path.relative_to(app.path)
        if _NOT_CODE.intersection(inside.parts) or not _is_of(app, inside):
            continue
        source = path.read_text(encoding="utf-8")
        if "publish" not in source:
            continue
        tree = ast.parse(source)
        names = _imported_events(tree, app, path)
        for line, name in _published_names(tree):
            event = names.get(name)
            if event is not None and event.owner != app.label:
                yield path, line, event


def _is_of(app: AppConfig, inside: Path) -> bool:
    """Not where the file is in another app's folder inside this app's folder."""
    return apps.get_containing_app_config(".".join([app.name, *inside.with_suffix("").parts])) is app


def _published_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of everything called inside the arguments of a call of publish or publish_many."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in _PUBLISHERS:
            for inner in (part for argument in node.args for part in ast.walk(argument)):
                if isinstance(inner, ast.Call):
                    yield inner.lineno, _dotted(inner.func)


def _imported_events(tree: ast.Module, app: AppConfig, path: Path) -> dict[str, type[Event]]:
    """Every name by which this module can write an event class: `OrderPlaced`, `events.OrderPlaced`."""
    found: dict[str, type[Event]] = {}
    classes = {_name(event): event for event in registry}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        module = _absolute(node, app, path)
        for alias in node.names:
            bound = alias.asname or alias.name
            if (event := classes.get(f"{module}.{alias.name}")) is not None:
                found[bound] = event
            for name, event in classes.items():
                if name.startswith(f"{module}.{alias.name}."):
                    found[f"{bound}.{event.__qualname__}"] = event
    return found


def _absolute(node: ast.ImportFrom, app: AppConfig, path: Path) -> str:
    if not node.level:
        return node.module or ""
    package = [*app.name.split("."), *path.relative_to(app.path).parent.parts]
    return ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])


def _called(node: ast.Call) -> str:
    return _dotted(node.func).rpartition(".")[2]


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


def _name(event: type[Event]) -> str:
    return f"{event.__module__}.{event.__qualname__}"
