"""The mails that really went out, as the file backend wrote them."""

from collections import Counter
from pathlib import Path

HEADER = "message-id:"


def delivered(folder: Path) -> Counter[str]:
    """Return how often each Message-ID is in the files of `folder`."""
    found: Counter[str] = Counter()
    for file in folder.iterdir():
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        found.update(line[len(HEADER) :].strip() for line in lines if line.lower().startswith(HEADER))
    return found
