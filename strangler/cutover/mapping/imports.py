"""Which of an app's modules import another's models, from their source: nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

from django.apps import AppConfig, apps

LEFT_OUT = {"migrations", "tests", "test"}
"""Folders that stay where the tables are, or go where the code goes."""


def model_imports(config: AppConfig, modules: Collection[str]) -> Iterator[tuple[str, str]]:
    """Pairs of one of `modules` and who imports it: `monolith.reporting.selectors`."""
    root = Path(config.path)
    for file in _sources(root):
        inside = file.relative_to(root)
        importer = ".".join([config.name, *inside.with_suffix("").parts]).removesuffix(".__init__")
        package = importer if inside.name == "__init__.py" else importer.rpartition(".")[0]
        for imported in sorted({*_imported(ast.parse(file.read_text(encoding="utf-8")), package)} & set(modules)):
            yield imported, importer


def _sources(root: Path) -> Iterator[Path]:
    """Not those of an app that lies inside of this one."""
    others = {path for config in apps.get_app_configs() if root in (path := Path(config.path)).parents}
    for file in sorted(root.rglob("*.py")):
        inside = file.relative_to(root)
        if not (LEFT_OUT & set(inside.parts) or inside.name.startswith("test_") or others & set(file.parents)):
            yield file


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Modules, and each name with its module, since `from shop.orders import models` means one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parent = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*parent, *([node.module] if node.module else [])])
