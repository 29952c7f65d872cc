"""The map as a matrix: a row needs a column, a number says in how many places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from strangler.cutover.mapping.contexts import Context

CELL, LEFT, TOP = 44, 150, 130
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2933}.n{text-anchor:middle;font-weight:600}"
    ".row{text-anchor:end}.self{fill:#e4e7eb}.tie{fill:#c62828}.none{fill:#fff;stroke:#e4e7eb}"
)


def svg(contexts: Sequence[Context]) -> str:
    """Whoever has an empty column is needed by nobody and can go first."""
    labels = [context.label for context in contexts]
    places = Counter((tie.source, tie.target) for context in contexts for tie in context.outgoing)
    most = max(places.values(), default=1)
    width, height = LEFT + CELL * len(labels) + 60, TOP + CELL * len(labels) + 20
    cells = "".join(
        _cell(row, column, places[labels[row], labels[column]], most)
        for row in range(len(labels))
        for column in range(len(labels))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="Which context needs the tables of which other"><style>{STYLE}</style>'
        f'<rect width="{width}" height="{height}" fill="#f9fafb"/>{_heads(labels)}{cells}</svg>\n'
    )


def _heads(labels: Sequence[str]) -> str:
    parts = []
    for number, label in enumerate(labels):
        middle = number * CELL + CELL / 2
        x, y = LEFT + middle, TOP - 10
        parts.append(f'<text class="row" x="{LEFT - 10}" y="{TOP + middle + 4:g}">{escape(label)}</text>')
        parts.append(f'<text x="{x:g}" y="{y}" transform="rotate(-50 {x:g} {y})">{escape(label)}</text>')
    return "".join(parts)


def _cell(row: int, column: int, places: int, most: int) -> str:
    x, y = LEFT + column * CELL, TOP + row * CELL
    box = f'x="{x}" y="{y}" width="{CELL}" height="{CELL}"'
    if row == column:
        return f'<rect class="self" {box}/>'
    if not places:
        return f'<rect class="none" {box}/>'
    strength = 0.25 + 0.6 * places / most
    number = f'<text class="n" x="{x + CELL / 2:g}" y="{y + CELL / 2 + 5:g}">{places}</text>'
    return f'<rect class="tie" fill-opacity="{strength:.2f}" {box}/>{number}'
