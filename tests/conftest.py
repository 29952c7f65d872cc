"""Last words of a run: which backends it exercised, each relay on each broker, how often, and which not."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Generator

import pytest

from tests.stack import elsewhere

_NAMES = {
    "memory": "memory",
    "pgmq": "PGMQ",
    "rabbitmq": "RabbitMQ",
    "kafka": "Kafka",
    "polling": "polling",
    "stream": "native stream",
    "debezium": "Debezium embedded",
    "server": "Debezium Server",
    "connect": "Debezium on Kafka Connect",
}
_RELAYS = ("polling", "stream", "debezium", "server", "connect")
_BROKERS = ("memory", "pgmq", "rabbitmq", "kafka")
_EXERCISES = "exercises"
_BEGAN = time.monotonic()
_WORTH_TELLING_SECONDS = 60
_passed: Counter[str] = Counter()
_skipped: Counter[tuple[str, str]] = Counter()


def pytest_configure(config: pytest.Config) -> None:
    elsewhere.refuse_several_processes(config.getoption("numprocesses", None))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if name := _backends_of(item) or (item.location[0] if report.skipped else ""):
        report.user_properties.append((_EXERCISES, name))  # reaches the process that has the last word
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for name in (str(value) for key, value in report.user_properties if key == _EXERCISES):
        if report.when == "call" and report.passed:
            _passed[name] += 1
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            _skipped[name, reason.removeprefix("Skipped: ")] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    _tell_how_busy_it_was(terminalreporter)
    if not _passed and not _skipped:
        return
    terminalreporter.section("backends")
    for name, count in sorted(_passed.items()):
        terminalreporter.write_line(f"exercised: {name} ({count} tests)", green=True)
    for (name, reason), count in sorted(_skipped.items()):
        terminalreporter.write_line(f"NOT EXERCISED: {name} ({count} tests): {reason}", red=True, bold=True)


def _tell_how_busy_it_was(terminalreporter: pytest.TerminalReporter) -> None:
    """Whether more processes (-n) would make it faster: not where the processors are busy already."""
    spent, elapsed = sum(os.times()[:4]), time.monotonic() - _BEGAN
    if elapsed > _WORTH_TELLING_SECONDS:
        share = spent / elapsed / (os.cpu_count() or 1)
        terminalreporter.write_line(f"the tests and their servers kept {share:.0%} of the processors busy")


def _backends_of(item: pytest.Item) -> str:
    """`polling on RabbitMQ`, `broker RabbitMQ`, `browser Chromium`: read off the test's parameters, class and place."""
    if "browser" in item.path.parts:
        return "browser Chromium"
    params = getattr(getattr(item, "callspec", None), "params", {})
    relay, broker = params.get("pair", ("", params.get("broker_url")))
    if relay in _RELAYS and broker in _BROKERS:
        return f"{_NAMES[relay]} on {_NAMES[broker]}"
    words = f"{item.path.name} {getattr(item.cls, '__name__', '')} {broker or ''}".lower()
    if "conformance" not in item.path.parts and not broker:
        return ""
    found = [backend for backend in _BROKERS if backend in words]
    return f"broker {_NAMES[found[0]]}" if found else ""
