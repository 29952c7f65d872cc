"""Contracts in a test suite, a line each: nothing of this needs another side, a broker or a database.

def test_what_consumers_need_is_published():
    assert_needs_are_met("contracts")

def test_contracts_are_those_of_the_code():
    assert_contracts_are_current("contracts")

def test_every_version_ever_published_can_be_read():
    assert_old_versions_are_readable("contracts")
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from strangler.contracts.breaks import unmet
from strangler.contracts.exporting import export
from strangler.contracts.files import read_folder
from strangler.contracts.language import Language, Published
from strangler.contracts.project import event_published, language_here
from strangler.errors import MessagingError
from strangler.inbox.subscriptions import Subscription, subscriptions
from strangler.messaging import Event
from strangler.messaging.upcasters import upcast


def unmet_needs(folder: Path | str, *, publishes: Iterable[type[Event]] | None = None) -> list[str]:
    """What the consumers whose needs are in `folder` would miss, each as a line with its name, the event and the field.

    `publishes`: these classes instead of all events that this project owns, for a project that publishes some only.
    """
    classes = publishes and list(publishes)
    events = [event_published(each) for each in classes] if classes else language_here().events
    here = Language(sorted(events, key=lambda event: (event.type, event.version)))
    needs = [need for need in _needs(Path(folder)).needs if here.versions(need.type)]
    return [
        f"{need.group} needs {need.wire_type}, {each} ({each.direction}; {need.handler} in {need.source})"
        for need in needs
        for each in unmet(need, here.versions(need.type))
    ]


def assert_needs_are_met(folder: Path | str, *, publishes: Iterable[type[Event]] | None = None) -> None:
    """The owner's test: whoever removes a field that somebody needs is told who, and of which event."""
    missed = unmet_needs(folder, publishes=publishes)
    assert not missed, "\n".join(["what consumers need is not published any more:", *missed])


def assert_contracts_are_current(folder: Path | str) -> None:
    """`manage.py contracts export` would change nothing. Nothing is written into `folder`."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "contracts"
        shutil.copytree(folder, copy)
        changed = export(copy).changed
        assert not changed, (
            f"{changed} files in {folder} are out of date: run `manage.py contracts export --to {folder}`"
        )


def assert_old_versions_are_readable(folder: Path | str) -> None:
    """The consumer's test: each version in `folder` of what a handler here reads, up to its own, is lifted and read.

    It is tried with the example in the version's schema.
    """
    language = read_folder(Path(folder))
    unread = [line for each in subscriptions for line in _unread(each, language.versions(each.event_class.event_type))]
    assert not unread, "\n".join(["what was published once cannot be read any more:", *unread])


def _unread(subscription: Subscription, versions: list[Published]) -> Iterator[str]:
    event = subscription.event_class
    for old in versions:
        if old.version > event.version or old.example is None:
            continue
        try:
            event.model_validate(upcast(dict(old.example), old.type, version=old.version, to_version=event.version))
        except (MessagingError, ValueError, LookupError, TypeError, AttributeError) as error:
            reads = f"{subscription.handler_name} reads {event.wire_type()}"
            yield f"{reads}, and {old.wire_type} is not lifted to it: {type(error).__name__}: {error}"


def _needs(folder: Path) -> Language:
    found = read_folder(folder)
    assert found.needs, f"no needs in {folder / 'needs'}: each consumer's `manage.py contracts export` writes its own"
    return found
