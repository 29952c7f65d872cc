"""The map of the page: each context, its events, and the consumer groups that they go to, as SVG."""

from __future__ import annotations

from html import escape

from strangler.contracts.language import Language

_ROW, _TOP, _WIDTH = 24, 44, 980
_COLUMNS = {"owner": (0, 120), "event": (150, 330), "group": (740, 230)}  # x and width
_HEADS = {"owner": "context", "event": "tells", "group": "consumer group"}


def picture(language: Language) -> str:
    types = language.types()
    groups = sorted({need.group for need in language.needs})
    events = {name: _TOP + _ROW * place for place, name in enumerate(types)}
    height = _TOP + _ROW * max(len(types), len(groups), 1)
    step = (height - _TOP) / max(len(groups), 1)
    ends = {group: _TOP + step * place + step / 2 - _ROW / 2 for place, group in enumerate(groups)}
    ways = dict.fromkeys((need.type, need.group) for need in language.needs if need.type in events)
    parts = [
        *(_way(events[name], ends[group]) for name, group in ways),
        *_owners(types, events),
        *(_box("event", y, name.partition(".")[2], name) for name, y in events.items()),
        *(_box("group", y, group, f"group-{group}") for group, y in ends.items()),
    ]
    heads = "".join(f'<text class="head" x="{_COLUMNS[kind][0]}" y="20">{text}</text>' for kind, text in _HEADS.items())
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:g}" role="img" aria-label="Which context tells which consumer group what">'
        f"{heads}{''.join(parts)}</svg>"
    )


def _owners(types: list[str], events: dict[str, int]) -> list[str]:
    """Beside the first of its events."""
    firsts = {name.partition(".")[0]: events[name] for name in reversed(types)}
    return [_box("owner", y, owner, f"context-{owner}") for owner, y in firsts.items()]


def _box(kind: str, y: float, text: str, target: str) -> str:
    x, width = _COLUMNS[kind]
    return (
        f'<a href="#{escape(target)}"><rect class="{kind}" x="{x}" y="{y:g}" width="{width}" height="19" rx="4"/>'
        f'<text x="{x + 8}" y="{y + 14:g}">{escape(text)}</text></a>'
    )


def _way(start: float, end: float) -> str:
    x1, x2 = sum(_COLUMNS["event"]), _COLUMNS["group"][0]
    y1, y2, middle = start + 10, end + 10, (x1 + x2) // 2
    return f'<path d="M{x1} {y1:g}C{middle} {y1:g} {middle} {y2:g} {x2} {y2:g}"/>'
