"""The map of events as a picture: what `topology --json` of the shop and of each service say, joined.

`python -m devstack.topology_map` writes docs/img/topology.svg; a test fails when that file is out of date.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from html import escape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "img" / "topology.svg"
PROJECTS = (
    "monolith.settings",
    *("extracted.notifications.settings", "extracted.reporting.settings", "extracted.inventory.settings"),
    "extracted.payments.settings",
)

ROW, TOP, WIDTH = 30, 70, 1200
COLUMNS = {"owner": 20, "event": 190, "topic": 470, "group": 700}
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2933}.head{font-weight:600;fill:#52606d}"
    ".box{fill:#fff;stroke:#9aa5b1}.owner{fill:#e3f2fd}.event{fill:#fff8e1}.topic{fill:#f3e5f5}.group{fill:#e8f5e9}"
    ".line{stroke:#7b8794;stroke-width:1.2;fill:none}.none{fill:#7b8794;font-style:italic}"
)


def routes_of(settings: str) -> list[dict[str, Any]]:
    """What one project knows; its database is never asked."""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": settings, "SECRET_KEY": "unused", "DATABASE_URL": "postgresql:///x"}
    command = [sys.executable, "-m", "django", "topology", "--json", "--skip-checks"]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    routes: list[dict[str, Any]] = json.loads(done.stdout)
    return routes


def joined(maps: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """One route an event: the owner's, with the consumers of all projects."""
    by_type: dict[str, dict[str, Any]] = {}
    for route in (route for routes in maps for route in routes):
        known = by_type.setdefault(route["type"], {**route, "consumers": []})
        known["consumers"] += [tuple(consumer) for consumer in route["consumers"]]
    return [by_type[name] for name in sorted(by_type)]


def svg(routes: list[dict[str, Any]]) -> str:
    height = TOP + ROW * len(routes) + 20
    heads = "".join(f'<text class="head" x="{x}" y="40">{name}</text>' for name, x in COLUMNS.items())
    rows = "".join(_row(route, TOP + ROW * place) for place, route in enumerate(routes))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="Where each event comes from and where it goes"><style>{STYLE}</style>'
        f'<rect width="{WIDTH}" height="{height}" fill="#f9fafb"/>{heads}{rows}</svg>\n'
    )


def _row(route: dict[str, Any], y: int) -> str:
    groups = ", ".join(f"{group}: {handler.rpartition('.')[2]}" for group, handler in sorted(set(route["consumers"])))
    event = route["type"].partition(".")[2]
    cells = [
        _box("owner", route["owner"], y, 130),
        _box("event", event, y, 240),
        _box("topic", route["topic"], y, 190),
        _box("group", groups, y, 480) if groups else f'<text class="none" x="700" y="{y + 4}">nobody yet</text>',
    ]
    arrows = [_arrow(150, 190, y), _arrow(430, 470, y), *([_arrow(660, 700, y)] if groups else [])]
    return "".join(cells + arrows)


def _box(kind: str, label: str, y: int, width: int) -> str:
    x = COLUMNS[kind]
    return (
        f'<rect class="box {kind}" x="{x}" y="{y - 11}" width="{width}" height="22" rx="4"/>'
        f'<text x="{x + 8}" y="{y + 4}">{escape(label)}</text>'
    )


def _arrow(start: int, end: int, y: int) -> str:
    return f'<path class="line" d="M{start} {y}H{end - 2}m-5 -3l5 3l-5 3"/>'


def main() -> None:
    TARGET.write_text(svg(joined([routes_of(settings) for settings in PROJECTS])), encoding="utf-8")
    print(TARGET.relative_to(ROOT))


if __name__ == "__main__":
    main()
