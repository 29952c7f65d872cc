"""Last words of a run: which backends it exercised, how often, and which not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator

import pytest

_BACKENDS = ("memory", "pgmq", "rabbitmq", "polling", "debezium")
_passed: Counter[str] = Counter()
_skipped: dict[str, str] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    name = _backends_of(item)
    if name and report.when == "call" and report.passed:
        _passed[name] += 1
    if name and report.skipped:
        _skipped[name] = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _passed and not _skipped:
        return
    terminalreporter.section("backends")
    for name, count in sorted(_passed.items()):
        terminalreporter.write_line(f"exercised: {name} ({count} tests)", green=True)
    for name, reason in sorted(_skipped.items()):
        terminalreporter.write_line(f"NOT EXERCISED: {name}: {reason.removeprefix('Skipped: ')}", red=True, bold=True)


def _backends_of(item: pytest.Item) -> str:
    """`polling on rabbitmq`, `broker rabbitmq`, `browser chromium`: read off the test's parameters, class and place."""
    if "browser" in item.path.parts:
        return "browser chromium"
    params = getattr(getattr(item, "callspec", None), "params", {})
    relay, broker = params.get("project"), params.get("broker_url")
    if relay in _BACKENDS and broker in _BACKENDS:
        return f"{relay} on {broker}"
    words = f"{item.path.name} {getattr(item.cls, '__name__', '')} {broker or ''}".lower()
    if "conformance" not in item.path.parts and not broker:
        return ""
    found = [backend for backend in _BACKENDS if backend in words]
    return f"broker {found[0]}" if found else ""
