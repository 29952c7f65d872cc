"""What is made of the stacks that were looked at."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from benchmarks.profiles import page
from benchmarks.profiles.layers import layer_of
from benchmarks.profiles.looking import Profile

PACKAGES = "/venv/lib/python3.11/site-packages"
PROFILES = [
    Profile("quick", 20_000, 9.0, {"psycopg": 0.75, "kit: relay": 0.25}, {"contender": 0.4, "PostgreSQL": 0.6}),
    Profile("slow & <steady>", 100, 9.0, {"Django": 1.0}, {"contender": 1.0}),
]


def test_a_moment_belongs_to_the_innermost_frame_of_a_known_layer() -> None:
    caller = "handle (/somewhere/strangler/inbox/handling.py:12)"
    query = f"execute ({PACKAGES}/psycopg/cursor.py:97)"
    wait = "select (/usr/lib/python3.11/selectors.py:415)"
    assert layer_of([caller, query, wait]) == "psycopg"
    assert layer_of([caller, wait]) == "kit: inbox"
    assert layer_of([wait]) == "Python"


def test_the_page_has_a_row_and_a_bar_for_everybody_with_shares_of_a_whole(tmp_path: Path) -> None:
    (tmp_path / "img").mkdir()
    page.write(PROFILES, "a machine", tmp_path)
    text = (tmp_path / "profiles.md").read_text(encoding="utf-8")
    assert "| quick | 0.40 | 0.60 | 0.00 | 20,000 |" in text
    assert "| contender | Django | psycopg | kit: relay |" in text
    assert "| quick |  | 75% | 25% |" in text
    drawing = ElementTree.parse(tmp_path / "img" / "profiles.svg").getroot()  # noqa: S314 - our own
    bars = [each for each in drawing.iter() if each.tag.endswith("rect") and each.find("./*") is not None]
    assert sum(float(bar.get("width", 0)) for bar in bars) == 2 * page.WIDTH
