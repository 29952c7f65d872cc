"""`manage.py consume`: the process that turns messages into effects."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.db import router

from strangler.brokers import Broker, Replayable, connect
from strangler.commands import KitCommand
from strangler.conf import settings
from strangler.inbox.consumer import Consumer
from strangler.inbox.handling import GroupHandling, RetryPolicy
from strangler.inbox.models import InboxMessage
from strangler.inbox.session import Sizes
from strangler.inbox.subscriptions import subscriptions
from strangler.stopping import stop_on_signals


class Command(KitCommand):
    help = "Handle the messages of one consumer group until SIGTERM or SIGINT."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--group", help="the consumer group; may be left out where the project has only one")
        parser.add_argument("--processes", type=int, help='processes; instead of STRANGLER["CONSUMER_PROCESSES"]')
        parser.add_argument(
            "--concurrency", type=int, help='threads in each; instead of STRANGLER["CONSUMER_CONCURRENCY"]'
        )
        parser.add_argument("--prefetch", type=int, help='messages; instead of STRANGLER["CONSUMER_PREFETCH"]')
        replay = parser.add_mutually_exclusive_group()
        replay.add_argument(
            "--from-beginning",
            action="store_true",
            help="read the log again from its start (Kafka); handled ones stay so",
        )
        replay.add_argument(
            "--from-time", type=_moment, metavar="ISO8601", help="the same from a moment on: 2026-11-24T08:00:00+00:00"
        )
        parser.add_argument(
            "--backlog", action="store_true", help="only say how many messages wait for the group; exits 1 if any do"
        )
        parser.add_argument("--declare", action="store_true", help="only make the group's queue and bindings, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        group = options["group"] or _only_group()
        handlers, routing_keys = subscriptions.of_group(group), subscriptions.routing_keys(group)
        broker = connect(settings.broker_url, exchange=settings.exchange)
        if options["from_beginning"] or options["from_time"]:
            self._rewind(broker, group, routing_keys, options["from_time"])
        if options["declare"]:
            broker.declare(group, routing_keys)
            self.stdout.write(f"queue of group {group!r} takes {', '.join(sorted(handlers))}")
            return
        if options["backlog"]:
            self._say_backlog(broker, group, routing_keys)
            return
        policy = RetryPolicy(settings.consumer_max_attempts, settings.consumer_backoff, settings.consumer_backoff_max)
        with stop_on_signals() as stop:
            Consumer(
                broker,
                GroupHandling(group, handlers, using=router.db_for_write(InboxMessage), policy=policy),
                routing_keys,
                sizes=Sizes(
                    concurrency=_at_least_one("concurrency", options, settings.consumer_concurrency),
                    prefetch=_at_least_one("prefetch", options, settings.consumer_prefetch),
                    batch_size=settings.consumer_batch_size,
                ),
                processes=_at_least_one("processes", options, settings.consumer_processes),
                backoff_max=settings.consumer_backoff_max,
                stop=stop,
            ).run()

    def _say_backlog(self, broker: Broker, group: str, routing_keys: Sequence[str]) -> None:
        count = broker.backlog(group, routing_keys)
        said = f"group {group!r}: {count} messages wait"
        if count:
            raise CommandError(said, returncode=1)
        self.stdout.write(said)

    def _rewind(self, broker: Broker, group: str, routing_keys: Sequence[str], since: datetime | None) -> None:
        if not isinstance(broker, Replayable):
            raise CommandError(
                'the broker in STRANGLER["BROKER_URL"] forgets what was handled: only Kafka keeps a log to read again'
            )
        count = broker.rewind(group, routing_keys, since)
        self.stdout.write(f"group {group!r} reads {count} records again; what its inbox has handled it passes over")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no moment; write it like 2026-11-24T08:00:00+00:00") from None
    if moment.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} lacks an offset from UTC; write it like 2026-11-24T08:00:00+00:00")
    return moment


def _only_group() -> str:
    groups = subscriptions.groups()
    if len(groups) != 1:
        raise CommandError(f"--group is needed: this project has {', '.join(groups) or 'no groups'}")
    return groups[0]


def _at_least_one(name: str, options: dict[str, Any], default: int) -> int:
    value = default if options[name] is None else options[name]
    if value < 1:
        raise CommandError(f"--{name} {value}: give a whole number from 1")
    return int(value)
