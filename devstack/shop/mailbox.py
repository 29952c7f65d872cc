"""The mails that really went out, as the file backend wrote them."""

from collections import Counter
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from pathlib import Path

BETWEEN_MAILS = "-" * 79 + "\n"
STAFF = "shop@example.com"


def delivered(folder: Path) -> Counter[str]:
    """Return how often each Message-ID is in the files of `folder`, the shop's mails to its own people left out."""
    return Counter(mail["Message-ID"] for mail in _mails(folder) if mail["To"] != STAFF)


def _mails(folder: Path) -> Iterator[Message]:
    for file in folder.iterdir():
        texts = file.read_text(encoding="utf-8", errors="replace").split(BETWEEN_MAILS)
        yield from (message_from_string(text) for text in texts if text.strip())
