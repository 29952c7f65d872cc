"""`manage.py stage`: where each context is, what its next step needs, and the step itself."""

from __future__ import annotations

import getpass
import os
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import CommandError

from strangler.commands import KitCommand
from strangler.conf import Stage, StageSetting
from strangler.cutover import telling
from strangler.cutover.contexts import contexts_on_their_way, known_contexts
from strangler.cutover.gates import Verdict
from strangler.cutover.gates.table import examine
from strangler.cutover.models import StageChange
from strangler.cutover.moving import Present, plan, present, record
from strangler.cutover.steps import is_forward, one_back, stage_after, wanted

HISTORY = 50


class Command(KitCommand):
    help = "List the contexts with their stages and what the next step still needs; move one a stage on, or back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("context", nargs="?", help="only this one: all its gates, or the step of it")
        parser.add_argument("stage", nargs="?", choices=[stage.value for stage in Stage], help="where it goes")
        parser.add_argument("--percent", type=int, help="for canary: the share of keys that the service gets")
        parser.add_argument("--back", action="store_true", help="one stage back; nothing is asked")
        parser.add_argument("--reason", default="", help="why, for the history; needed for a step forward")
        parser.add_argument("--by", help="who, for the history (default: the user of the operating system)")
        parser.add_argument("--dry-run", action="store_true", help="ask the gates and change nothing")
        parser.add_argument("--force", action="store_true", help="go on although gates fail; the history says so")
        parser.add_argument("--history", action="store_true", help=f"the latest {HISTORY} steps, newest first")

    def handle(self, *args: Any, **options: Any) -> None:
        context, now = options["context"], present()
        if context is not None:
            _require_known(context, now)
        if options["history"]:
            self._write(telling.history_lines(_history(context)))
        elif context is None:
            self._list(now)
        elif options["stage"] is None and not options["back"]:
            self._show(context, now)
        else:
            self._move(context, now.stages.of(context), options)

    def _list(self, now: Present) -> None:
        contexts = sorted(contexts_on_their_way() | now.overridden)
        rows = [telling.row(context, now) for context in contexts]
        head, *lines = telling.table([telling.HEAD, *rows])
        self.stdout.write(head)
        for context, line in zip(contexts, lines, strict=True):
            self.stdout.write(line)
            self._write(telling.gate_lines(verdict for verdict in _asked(context, now) if verdict.fails))

    def _show(self, context: str, now: Present) -> None:
        self._write(telling.table([telling.HEAD, telling.row(context, now)]))
        self._write(telling.gate_lines(_asked(context, now)))

    def _move(self, context: str, before: StageSetting, options: dict[str, Any]) -> None:
        after, reason = _after(context, before, options), options["reason"].strip()
        if is_forward(context, before, after) and not reason and not options["dry_run"]:
            raise CommandError("--reason is needed for a step forward: the history has to say why")
        move = plan(context, before, after)
        self.stdout.write(f"{context}: {move.before} → {move.after}")
        self._write(telling.gate_lines(move.verdicts))
        if not options["dry_run"]:
            record(move, by=options["by"] or _user(), reason=reason, force=options["force"])
            self._write(telling.outcome_lines(move))
        elif move.failing:
            raise CommandError(move.refusal)
        else:
            self.stdout.write("dry run: nothing was changed")

    def _write(self, lines: Iterable[str]) -> None:
        self.stdout.writelines(f"{line}\n" for line in lines)


def _after(context: str, before: StageSetting, options: dict[str, Any]) -> StageSetting:
    if not options["back"]:
        return wanted(Stage(options["stage"]), options["percent"])
    if options["stage"] is not None:
        raise CommandError(f"--back is one stage back from {before}: leave {options['stage']} out, or --back")
    after = one_back(context, before)
    return after if options["percent"] is None else wanted(after.stage, options["percent"])


def _asked(context: str, now: Present) -> Sequence[Verdict]:
    following = stage_after(now.stages.of(context))
    return examine(context, following) if following else []


def _require_known(context: str, now: Present) -> None:
    if context not in known_contexts() | now.stages.by_context.keys():
        told = ", ".join(sorted(contexts_on_their_way()))
        raise CommandError(f"there is no context {context!r} (those that publish, answer or have a stage: {told})")


def _history(context: str | None) -> Iterable[StageChange]:
    changes = StageChange.objects.all()
    return (changes.filter(context=context) if context else changes)[:HISTORY]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user that no passwd knows
        return f"uid {os.getuid()}"
