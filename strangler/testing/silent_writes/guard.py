"""The guard of one run of pytest: it listens all the time, and judges while a test runs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from strangler.cutover.silent_writes.declared import Declared, declared_models
from strangler.testing.silent_writes.hearing import Hearing
from strangler.testing.silent_writes.places import Places
from strangler.testing.silent_writes.verdict import text_of
from strangler.testing.silent_writes.watch import Watch


class Guard:
    """Raises `ConfigurationError` where `MODELS_WITH_EVENTS` names what there is not."""

    def __init__(self, test_code: Sequence[str]) -> None:
        self._test_code = test_code
        self._declared = declared_models()
        self._hearing = Hearing()
        self._watch: Watch | None = None
        self._open = ExitStack()
        self._open.enter_context(self._hearing.installed())

    def described(self) -> str:
        names = ", ".join(each.label for each in self._declared)
        return f"{names} guarded" if names else 'nothing guarded, STRANGLER["MODELS_WITH_EVENTS"] is empty'

    def begin(self) -> None:
        """With the settings of now: a test may have changed them for its class."""
        self._watch = Watch(self._declared, _places(self._declared, self._test_code))
        self._hearing.listener = self._watch

    def end(self) -> str:
        """What is to be told, if anything."""
        watch, self._watch, self._hearing.listener = self._watch, None, None
        silent = watch.finish() if watch is not None else []
        return text_of(silent) if silent else ""

    def close(self) -> None:
        self._open.close()


def _places(declared: Sequence[Declared], test_code: Sequence[str]) -> Places:
    return Places(test_code, {each.model.__module__.partition(".")[0] for each in declared})
