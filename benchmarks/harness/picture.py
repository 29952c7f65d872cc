"""Ratios with a target as bars, each on a scale of its own on which the target is always at the same place."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from benchmarks.harness.outcome import Ratio, Target
from benchmarks.harness.samples import Spread

ROW, LEFT, WIDTH, RIGHT = 34, 470, 360, 190
TARGET_AT = 0.6  # of the bar's width
MET, MISSED, UNKNOWN = "#2b8a3e", "#c92a2a", "#adb5bd"
_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
    'font-family="DejaVu Sans, Verdana, sans-serif" font-size="13">\n'
    '<rect width="100%" height="100%" fill="#ffffff"/>\n'
)
_FOOT = "line: the target; whisker: lowest and highest round; every bar has a scale of its own"


def draw(ratios: Sequence[Ratio]) -> str:
    """An SVG document. Ratios without a target are in the tables only."""
    shown = [ratio for ratio in ratios if ratio.target is not None]
    height = ROW * (len(shown) + 1)
    parts = [_HEAD.format(width=LEFT + WIDTH + RIGHT, height=height)]
    for index, ratio in enumerate(shown):
        parts += _row(ratio, ROW * index)
    parts.append(f'<text x="{LEFT}" y="{height - 12}" fill="#495057" font-size="11">{_FOOT}</text>\n</svg>\n')
    return "".join(parts)


def _row(ratio: Ratio, top: int) -> list[str]:
    assert ratio.target is not None
    colour = {True: MET, False: MISSED, None: UNKNOWN}[ratio.met]
    value = "not measured" if ratio.spread is None else f"{ratio.spread.median:.3g}"
    said = escape(f"{value} (target {ratio.target})")
    line = LEFT + TARGET_AT * WIDTH
    return [
        f"<g><title>{escape(ratio.title)}</title>\n",
        f'<text x="{LEFT - 10}" y="{top + 21}" text-anchor="end">{escape(ratio.key)}</text>\n',
        *(_bar(ratio.spread, ratio.target, top, colour) if ratio.spread else []),
        f'<line x1="{line}" x2="{line}" y1="{top + 4}" y2="{top + 30}" stroke="#212529" stroke-width="2"/>\n',
        f'<text x="{LEFT + WIDTH + 8}" y="{top + 21}" fill="{colour}">{said}</text>\n',
        "</g>\n",
    ]


def _bar(spread: Spread, target: Target, top: int, colour: str) -> list[str]:
    low, middle, high = (place(value, target) for value in (spread.low, spread.median, spread.high))
    return [
        f'<rect x="{LEFT}" y="{top + 9}" width="{middle:.1f}" height="16" fill="{colour}" fill-opacity="0.8"/>\n',
        f'<line x1="{LEFT + low:.1f}" x2="{LEFT + high:.1f}" y1="{top + 17}" y2="{top + 17}" stroke="#212529"/>\n',
    ]


def place(value: float, target: Target) -> float:
    """How long the bar of a value is. What is off the scale ends at its end."""
    return min(max(value, 0) / target.value * TARGET_AT, 1.0) * WIDTH
