"""Generated passwords, kept in a file only its owner may read."""

import json
import os
import secrets
from pathlib import Path


class SecretFile:
    """A JSON object of name to password, mode 0600, replaced atomically."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, name: str) -> str | None:
        return self._read().get(name)

    def get_or_create(self, name: str) -> str:
        return self.get(name) or self.put(name, secrets.token_urlsafe(24))

    def put(self, name: str, password: str) -> str:
        write_private(self.path, json.dumps({**self._read(), name: password}, indent=2))
        return password

    def _read(self) -> dict[str, str]:
        if not self.path.exists():
            return {}
        known: dict[str, str] = json.loads(self.path.read_text(encoding="utf-8"))
        return known


def write_private(path: Path, content: str) -> None:
    """Write a file that was never readable by others, not even for a moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    unfinished.replace(path)
