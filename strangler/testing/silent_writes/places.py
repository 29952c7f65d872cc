"""Whose line of code is behind a statement: neither Django's nor the kit's nor an installed package's."""

from __future__ import annotations

import inspect
import linecache
import os
import site
import sysconfig
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import django
from django.apps import apps
from django.db.models import Model, QuerySet
from django.db.models.manager import BaseManager

import strangler
from strangler.testing.silent_writes.awaiting import outwards

_OWN_METHODS = {"save", "asave", "delete", "adelete"}
_ANSWERING = {"get_response", "_get_response", "get_response_async", "_get_response_async"}
_FRAMEWORKS = {"django", "strangler"}


class Place(NamedTuple):
    """`through`: what of a framework acted there, where it is no statement but a class or a request."""

    file: str
    line: int
    through: str = ""

    @property
    def text(self) -> str:
        return linecache.getline(self.file, self.line).strip()

    def __str__(self) -> str:
        """`monolith/orders/housekeeping.py:15`, from the folder at hand where that leads there."""
        if not self.file:
            return self.through
        file = os.path.relpath(self.file)
        where = f"{self.file if file.startswith('..') else file}:{self.line}"
        return f"{where} ({self.through})" if self.through else where


class Places:
    """`test_code` are patterns for a part of a module's dotted name, `"tests"` or `"test_*"`; `own` are top-level
    packages that are the user's even where they are installed beside others'.
    """

    def __init__(self, test_code: Sequence[str], own: Collection[str]) -> None:
        self._test_code = test_code
        self._own = set(own) - _FRAMEWORKS

    def behind(self, frame: FrameType | None) -> Place | None:
        """The nearest line of an installed app of the user's; None where that is test code, or there is none at all.

        A class of the user's whose inherited code acts is as good as a line (a ModelAdmin, a ModelViewSet, a form),
        unless a line comes closer to it than the test does. So is a request: what is behind it is no test's doing.
        """
        acting: Place | None = None
        for each in outwards(frame):
            module = str(each.f_globals.get("__name__", ""))
            if request := _request_of(each, module):
                return acting or Place("", 0, request)
            if self._is_foreign(each.f_code.co_filename, module):
                acting = acting or self._actor(each)
            elif self._is_test_code(module):
                return acting
            elif _is_in_an_app(module) and not _is_own_method(each):
                return Place(each.f_code.co_filename, each.f_lineno)
        return acting

    def _is_foreign(self, file: str, module: str) -> bool:
        return _is_installed(file) and module.partition(".")[0] not in self._own

    def _is_test_code(self, module: str) -> bool:
        return any(fnmatchcase(part, pattern) for part in module.split(".") for pattern in self._test_code)

    def _actor(self, frame: FrameType) -> Place | None:
        """The user's class whose inherited method this is; rows and queries are acted upon."""
        actor = type(frame.f_locals.get("self"))
        if issubclass(actor, Model | BaseManager | QuerySet):
            return None
        if self._is_test_code(actor.__module__) or not _is_in_an_app(actor.__module__):
            return None
        try:
            file, line = inspect.getsourcefile(actor) or "", inspect.getsourcelines(actor)[1]
        except (OSError, TypeError):
            return None
        if self._is_foreign(file, actor.__module__):
            return None
        return Place(file, line, f"{actor.__name__}, in {frame.f_code.co_name}()")


def _request_of(frame: FrameType, module: str) -> str:
    """`POST /admin/orders/order/`, where Django calls a view in this frame."""
    if module != "django.core.handlers.base" or frame.f_code.co_name not in _ANSWERING:
        return ""
    request = frame.f_locals["request"]
    return f"{request.method} {request.path}"


def _is_own_method(frame: FrameType) -> bool:
    """An override of save() is behind every save, a test's too."""
    return frame.f_code.co_name in _OWN_METHODS and isinstance(frame.f_locals.get("self"), Model)


def _is_in_an_app(module: str) -> bool:
    return apps.get_containing_app_config(module) is not None


@cache
def _is_installed(file: str) -> bool:
    """With Python, into its environment, or (Django, the kit) wherever they are imported from."""
    return file.startswith("<") or os.path.realpath(file).startswith(_folders())


@cache
def _folders() -> tuple[str, ...]:
    environment = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    packages = [str(Path(package.__file__).parent) for package in (django, strangler) if package.__file__]
    some = [*environment, *packages, *site.getsitepackages(), site.getusersitepackages()]
    return tuple(f"{os.path.realpath(folder)}{os.sep}" for folder in some)
