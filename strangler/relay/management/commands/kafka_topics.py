"""`manage.py kafka_topics`: make the topics that this project's events go to."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from strangler.apps import is_owned
from strangler.brokers.names import topic_name
from strangler.commands import KitCommand
from strangler.conf import settings
from strangler.messaging import registry


class Command(KitCommand):
    help = (
        "Make the Kafka topics of the events this project owns, and set what differs from the file. Run again, it "
        "changes nothing. It takes a login that may make topics; those of relays and consumers need not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--file", type=Path, metavar="TOML", help="partitions, replication and settings of topics")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.broker_url.startswith(("kafka://", "kafkas://")):
            raise CommandError('STRANGLER["BROKER_URL"] is not Kafka\'s (kafka:// or kafkas://): there are no topics')
        from strangler.brokers.kafka import topics
        from strangler.brokers.kafka.cluster import Cluster

        file = topics.TopicsFile.read(options["file"]) if options["file"] else topics.TopicsFile()
        published = {event.aggregate_type for event in registry if is_owned(event)}
        if unknown := file.topics.keys() - published:
            raise CommandError(f"{options['file']}: nothing here publishes {', '.join(sorted(unknown))}")
        specs = {topic_name(settings.exchange, each): file.spec(each) for each in sorted(published)}
        specs[topics.bindings_topic(settings.exchange)] = topics.BINDINGS
        would = "would be: " if options["dry_run"] else ""
        done = 0
        for line in topics.apply(Cluster(settings.broker_url), specs, dry_run=options["dry_run"]):
            self.stdout.write(would + line)
            done += 1
        if not done:
            self.stdout.write(f"all {len(specs)} topics are as they should be")
