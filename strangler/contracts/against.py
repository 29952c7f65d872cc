"""What contracts are compared with: a file, a folder, or a folder as git has it at some commit."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from strangler.contracts.files import event_in, language_of, read_folder
from strangler.contracts.language import Language
from strangler.errors import ContractError


def read_against(what: str, folder: Path) -> Language:
    """`what` is a path if there is one, else a commit (`main`, `v1.2`, `HEAD~3`), or `COMMIT:FOLDER`.

    Without a folder it is `folder` at that commit. Raises `ContractError` where there is neither, or nothing in it.
    """
    path = Path(what)
    if path.is_dir():
        return _not_empty(read_folder(path), f"--against {what}: there are no schemas in that folder")
    if path.is_file():
        return Language([event_in(what, path.read_bytes())])
    return _at_commit(what, folder)


def _at_commit(what: str, folder: Path) -> Language:
    ref, _, inside = what.partition(":")
    top = _top(what)
    commit = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if commit is None or not ref:
        raise ContractError(_nothing(what))
    name = inside.strip("/") or _within(top, folder)
    found = language_of(_files(top, commit.decode().strip(), name))
    return _not_empty(
        found, f"--against {what}: there are no schemas in {name}/ at that commit; say COMMIT:FOLDER for another folder"
    )


def _files(top: Path, commit: str, folder: str) -> Iterator[tuple[str, bytes]]:
    listed = _git(top, "ls-tree", "-r", "-z", "--name-only", commit, "--", f"{folder}/") or b""
    names = [name for name in listed.decode().split("\0") if name.endswith(".schema.json")]
    asked = "".join(f"{commit}:{name}\n" for name in names)
    told = _git(top, "cat-file", "--batch", told=asked.encode()) or b""
    for name in names:
        head, _, told = told.partition(b"\n")
        size = int(head.rpartition(b" ")[2])
        yield name.removeprefix(f"{folder}/"), told[:size]
        told = told[size + 1 :]


def _top(what: str) -> Path:
    found = _git(Path(), "rev-parse", "--show-toplevel")
    if found is None:
        raise ContractError(f"--against {what}: there is no such file or folder, and this is no git repository")
    return Path(found.decode().strip())


def _within(top: Path, folder: Path) -> str:
    try:
        return folder.resolve().relative_to(top.resolve()).as_posix()
    except ValueError:
        raise ContractError(f"{folder} is outside of the repository {top}: say --against COMMIT:FOLDER") from None


def _git(folder: Path, *arguments: str, told: bytes = b"") -> bytes | None:
    """None where git says no."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, input=told, capture_output=True, check=False)
    except FileNotFoundError:
        raise ContractError("--against a commit takes git, which is not installed: give a file or a folder") from None
    return done.stdout if done.returncode == 0 else None


def _not_empty(found: Language, complaint: str) -> Language:
    if not found.events:
        raise ContractError(complaint)
    return found


def _nothing(what: str) -> str:
    return f"--against {what}: there is no such file or folder, and git knows no such commit here"
