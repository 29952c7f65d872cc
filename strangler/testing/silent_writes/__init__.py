"""A pytest plugin: a test fails where the code it runs changes a declared model without publishing an event.

    # the conftest.py of the root folder; or `-p strangler.testing.silent_writes` in addopts
    pytest_plugins = ["strangler.testing.silent_writes"]

`STRANGLER["MODELS_WITH_EVENTS"]` declares the models (docs/silent-writes.md).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.conf import settings as django_settings

from strangler.errors import ConfigurationError

if TYPE_CHECKING:
    from strangler.testing.silent_writes.guard import Guard

__all__ = ["allow_silent_writes"]

_MARK = "allow_silent_writes"
_OPTION = "silent_writes_test_code"
_TEST_CODE = ["tests", "test_*", "conftest", "factories", "migrations"]
_guard: pytest.StashKey[Guard] = pytest.StashKey()


@contextmanager
def allow_silent_writes(reason: str) -> Iterator[None]:
    """For fixtures and factories that make rows by the code of the application. Also a decorator.

    Raises `ConfigurationError` without a reason.
    """
    from strangler.testing.silent_writes.watch import allowed  # imports models

    if not reason.strip():
        raise ConfigurationError('allow_silent_writes() takes a reason: allow_silent_writes("orders of last year")')
    token = allowed.set(True)
    try:
        yield
    finally:
        allowed.reset(token)


def pytest_addoption(parser: pytest.Parser) -> None:
    explained = "parts of module names, patterns too, whose code makes data for tests: it may write silently"
    parser.addini(_OPTION, explained, type="args", default=_TEST_CODE)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{_MARK}(reason): this test changes rows without events, and should")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """By now pytest-django has set Django up."""
    if not (django_settings.configured and apps.ready):
        raise pytest.UsageError(
            f"{__name__}: Django is not set up: install pytest-django and set DJANGO_SETTINGS_MODULE"
        )
    from strangler.testing.silent_writes.guard import Guard  # imports models

    try:
        guard = Guard(session.config.getini(_OPTION))
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from error
    session.config.stash[_guard] = guard
    session.config.add_cleanup(guard.close)


def pytest_report_header(config: pytest.Config) -> str:
    return f"silent writes: {config.stash[_guard].described()}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    mark = item.get_closest_marker(_MARK)
    if mark is None:
        item.config.stash[_guard].begin()
    yield
    if mark is not None and not (mark.args and str(mark.args[0]).strip()):
        pytest.fail(f'@pytest.mark.{_MARK} takes a reason: @pytest.mark.{_MARK}("why")', pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """A test that fails by itself is told of silent writes beside its own failure."""
    guard = item.config.stash[_guard]
    try:
        yield
    except BaseException:
        if text := guard.end():
            item.add_report_section("call", "silent writes", text)
        raise
    if text := guard.end():
        pytest.fail(text, pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    item.config.stash[_guard].end()
