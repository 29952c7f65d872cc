"""`manage.py saga`: how sagas stand, what a person can do with one, and the worker that goes on with them."""

from __future__ import annotations

import getpass
import os
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from strangler.commands import KitCommand, add_hours, hours_or
from strangler.saga import operations, retention, telling
from strangler.saga.databases import database
from strangler.saga.models import SagaInstance
from strangler.saga.registry import sagas
from strangler.saga.working import SagaWorker
from strangler.stopping import stop_on_signals

RETENTION = "INBOX_RETENTION_HOURS"


class Command(KitCommand):
    help = "Sagas by status, and stuck ones with their reason. Subcommands: work, show, resume, compensate, prune."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", metavar="ACTION")
        actions.add_parser("work", help="deadlines and retries, until SIGTERM or SIGINT; as many as you like at once")
        show = actions.add_parser("show", help="an instance with its history")
        show.add_argument("name")
        show.add_argument("key")
        for action, what in (("resume", "let stuck ones go on"), ("compensate", "have what was done undone")):
            chosen = actions.add_parser(action, help=what)
            chosen.add_argument("name")
            chosen.add_argument("keys", nargs="*", metavar="key")
            chosen.add_argument("--all", action="store_true", help="every stuck one of this saga")
            chosen.add_argument("--by", help="who, for the history (default: the user of the operating system)")
        prune = actions.add_parser("prune", help="delete what ended long ago; run it daily")
        add_hours(prune, RETENTION)

    def handle(self, *args: Any, **options: Any) -> None:
        actions: dict[str | None, Callable[[dict[str, Any]], None]] = {
            None: self._list,
            "work": self._work,
            "show": self._show,
            "resume": self._resume,
            "compensate": self._compensate,
            "prune": self._prune,
        }
        actions[options["action"]](options)

    def _list(self, _: dict[str, Any]) -> None:
        self._write(telling.table_lines())
        self._write(telling.stuck_lines())

    def _work(self, _: dict[str, Any]) -> None:
        if not sagas.names():
            raise CommandError("there is no saga here: declare one in the sagas.py of an installed app")
        with stop_on_signals() as stop:
            SagaWorker(sagas, using=database(), stop=stop).run()

    def _show(self, options: dict[str, Any]) -> None:
        (instance,) = operations.find(options["name"], [options["key"]])
        self._write(telling.history_lines(instance))

    def _resume(self, options: dict[str, Any]) -> None:
        chosen = _chosen(options)
        count = operations.resume(chosen, by=options["by"] or _user())
        self.stdout.write(f"{count} resumed: a worker (`manage.py saga work`) goes on with them")
        _refuse(map(operations.why_not_resumed, chosen))

    def _compensate(self, options: dict[str, Any]) -> None:
        chosen = _chosen(options)
        count = operations.compensate(chosen, by=options["by"] or _user())
        self.stdout.write(f"{count} to be undone: a worker (`manage.py saga work`) does it")
        _refuse(map(operations.why_not_compensated, chosen))

    def _prune(self, options: dict[str, Any]) -> None:
        hours = hours_or(RETENTION, options["hours"])
        deleted = retention.prune(using=database(), older_than=timedelta(hours=hours))
        self.stdout.write(f"deleted {deleted} sagas that ended more than {hours:g} hours ago")

    def _write(self, lines: Iterable[str]) -> None:
        self.stdout.writelines(f"{line}\n" for line in lines)


def _chosen(options: dict[str, Any]) -> list[SagaInstance]:
    """As they were before."""
    if bool(options["keys"]) == options["all"]:
        raise CommandError("say which: one or more keys, or --all for every stuck one of this saga")
    if options["keys"]:
        return operations.find(options["name"], options["keys"])
    return operations.stuck(options["name"])


def _refuse(reasons: Iterable[str]) -> None:
    said = [reason for reason in reasons if reason]
    if said:
        raise CommandError("; ".join(said))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user that no passwd knows
        return f"uid {os.getuid()}"
