"""`docs/profiles.md` and its picture, written by the run itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from benchmarks.harness.page import DOCS
from benchmarks.profiles.looking import Profile

_HEAD = """\
# Profiles

`python -m benchmarks.profiles` has written this page, on {machine}. They say what bounds the figures of the
[benchmarks](benchmarks.md): each contender carries or handles a long backlog while py-spy looks at its Python stacks.
Being looked at costs it some speed; compare shares, not rates.

![What a moment of each contender's processor time is spent in](img/profiles.svg)

"""
_PARTIES = ("contender", "PostgreSQL", "RabbitMQ")
ROW, LEFT, WIDTH, TOP = 34, 240, 760, 60
_COLOURS = (
    *("#1971c2", "#e8590c", "#2f9e44", "#9c36b5", "#f08c00", "#0c8599", "#c2255c"),
    *("#5f3dc4", "#66a80f", "#868e96", "#343a40", "#e03131", "#099268"),
)


def write(profiles: Sequence[Profile], machine: str, docs: Path = DOCS) -> None:
    head = _HEAD.format(machine=machine)
    (docs / "profiles.md").write_text(head + tables(profiles), encoding="utf-8")
    (docs / "img" / "profiles.svg").write_text(draw(profiles), encoding="utf-8")


def tables(profiles: Sequence[Profile]) -> str:
    """In Markdown."""
    lines = ["## Whose processor time\n", "Cores in use while it worked: 1 is one core all the time.\n"]
    lines += ["| contender | " + " | ".join(_PARTIES) + " | per second |", "|---|---|---|---|---|"]
    for each in profiles:
        cores = " | ".join(f"{each.cores.get(party, 0):.2f}" for party in _PARTIES)
        lines.append(f"| {each.name} | {cores} | {each.rate:,.0f} |")
    layers = layers_of(profiles)
    lines += ["\n## Where a contender's own goes\n", "| contender | " + " | ".join(layers) + " |"]
    lines.append("|---" * (len(layers) + 1) + "|")
    for each in profiles:
        parts = (each.layers.get(layer) for layer in layers)
        lines.append(f"| {each.name} | " + " | ".join(f"{part:.0%}" if part else "" for part in parts) + " |")
    return "\n".join(lines) + "\n"


def layers_of(profiles: Sequence[Profile]) -> list[str]:
    """The largest first."""
    total = {layer: sum(each.layers.get(layer, 0) for each in profiles) for each in profiles for layer in each.layers}
    return sorted(total, key=lambda layer: -total[layer])


def draw(profiles: Sequence[Profile]) -> str:
    """An SVG document: a bar for each contender, a stretch of it for each layer."""
    colours = dict(zip(layers_of(profiles), _COLOURS, strict=False))
    height = TOP + ROW * len(profiles) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" height="{height}" '
        f'viewBox="0 0 {LEFT + WIDTH + 20} {height}" font-family="DejaVu Sans, Verdana, sans-serif" font-size="13">\n'
        '<rect width="100%" height="100%" fill="#ffffff"/>\n'
    ]
    parts += [_key(index, layer, colour) for index, (layer, colour) in enumerate(colours.items())]
    for index, each in enumerate(profiles):
        parts += _bar(each, TOP + ROW * index, colours)
    return "".join(parts) + "</svg>\n"


def _key(index: int, layer: str, colour: str) -> str:
    x, y = LEFT + 125 * (index % 6), 8 + 20 * (index // 6)
    return (
        f'<rect x="{x}" y="{y}" width="12" height="12" fill="{colour}"/>'
        f'<text x="{x + 17}" y="{y + 11}" font-size="12">{escape(layer)}</text>\n'
    )


def _bar(profile: Profile, top: int, colours: dict[str, str]) -> list[str]:
    parts = [f'<text x="{LEFT - 10}" y="{top + 21}" text-anchor="end">{escape(profile.name)}</text>\n']
    x = float(LEFT)
    for layer, colour in colours.items():
        share = profile.layers.get(layer, 0)
        title = f"<title>{escape(layer)}: {share:.0%}</title>"
        parts.append(
            f'<rect x="{x:.1f}" y="{top + 5}" width="{WIDTH * share:.1f}" height="22" fill="{colour}">{title}</rect>\n'
        )
        x += WIDTH * share
    return parts
