"""Every command of every guide runs, in order, and prints what the guide shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.guides.guide import needs_of
from tests.guides.runner import GuideFailed, Reader
from tests.stack import servers

GUIDES = Path(__file__).resolve().parents[2] / "migration_guides"
NUMBERED = sorted(GUIDES.glob("[0-9]*.md"))
EXECUTED = [*NUMBERED, GUIDES / "appendix-stages.md"]
REQUIREMENTS = {
    "rabbitmq": servers.require_rabbitmq,
    "kafka": servers.require_kafka,
    "connect": servers.require_connect,
}


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize("guide", EXECUTED, ids=lambda guide: guide.stem)
def test_a_reader_sees_what_the_guide_shows(guide: Path, folder: Path, env: dict[str, str]) -> None:
    for need in needs_of(guide):
        REQUIREMENTS[need]()
    reader = Reader(guide, folder, env)
    try:
        reader.follow()
    except GuideFailed as difference:
        raise pytest.fail.Exception(str(difference), pytrace=False) from None
    lines = guide.read_text(encoding="utf-8").splitlines()
    console_blocks = [number for number, line in enumerate(lines, start=1) if line.strip().startswith("```console")]
    assert reader.done == console_blocks


def test_the_list_names_every_guide_and_no_other() -> None:
    listed = re.findall(r"\]\((\d\d-[^)]+\.md)\)", (GUIDES / "README.md").read_text(encoding="utf-8"))
    assert listed == [guide.name for guide in NUMBERED]
