"""docker-compose.yml as Docker Compose reads it, for each block of .env.example."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docker-compose.yml"
FOR_TESTS = ROOT / "devstack/compose/tests.yml"
VARIABLE = re.compile(r"\$\{(\w+)(?::\?[^}]*)?\}")
_ASSIGNMENT = re.compile(r"#?([A-Z_]+)=(.*)")
_BLOCKS = {
    "pgmq": {},
    "rabbitmq": {},
    "rabbitmq with Debezium Server": {"RELAY": "server", "COMPOSE_PROFILES": "debezium-server"},
    "kafka": {},
    "kafka with Connect": {"RELAY": "connect", "COMPOSE_PROFILES": "connect"},
}
CHOICES = tuple(_BLOCKS)


def text() -> str:
    return FILE.read_text(encoding="utf-8")


def raw() -> dict[str, Any]:
    """Variables as they stand there."""
    content: dict[str, Any] = yaml.safe_load(text())
    return content


def for_tests() -> dict[str, Any]:
    """What devstack/compose/tests.yml adds to the services."""
    added: dict[str, Any] = yaml.safe_load(FOR_TESTS.read_text(encoding="utf-8"))["services"]
    return added


def example() -> dict[str, str]:
    """Every variable of .env.example, in its first block where there are several."""
    variables: dict[str, str] = {}
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        if match := _ASSIGNMENT.fullmatch(line):
            variables.setdefault(match[1], match[2])
    return variables


@cache
def variables(choice: str) -> dict[str, str]:
    """As a person fills .env in for that broker and relay; every secret is `secret`."""
    blocks = (ROOT / ".env.example").read_text(encoding="utf-8").split("\n\n")
    wanted = choice.partition(" ")[0]
    (block,) = (each for each in blocks if re.search(rf"^#?BROKER_URL=({_scheme(wanted)})://", each, re.MULTILINE))
    chosen = {match[1]: match[2] for line in block.splitlines() if (match := _ASSIGNMENT.fullmatch(line))}
    secrets = {name: value or "secret" for name, value in example().items() if name not in chosen}
    merged = {**secrets, **chosen, **_BLOCKS[choice]}
    return {name: VARIABLE.sub(lambda found: merged[found[1]], value) for name, value in merged.items()}


def services(choice: str) -> dict[str, dict[str, Any]]:
    """Those that start, with their variables filled in."""
    values = variables(choice)
    filled = yaml.safe_load(VARIABLE.sub(lambda found: values[found[1]], text()))
    profiles = set(values["COMPOSE_PROFILES"].split(","))
    found: dict[str, dict[str, Any]] = filled["services"]
    return {name: each for name, each in found.items() if not (p := each.get("profiles")) or profiles & set(p)}


def properties(content: str) -> dict[str, str]:
    """Of a Java properties file without escapes."""
    lines = (line for line in content.splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def _scheme(broker: str) -> str:
    return {"pgmq": "pgmq", "rabbitmq": "amqp", "kafka": "kafka"}[broker]
