"""The log as Debezium's engine reads it, in this process."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import AbstractContextManager

from strangler.conf import CdcSettings
from strangler.relay.debezium import config, jvm
from strangler.relay.log.reading import Reader
from strangler.relay.log.slot import slot_of_this_run
from strangler.relay.log.source import source_of


class DebeziumLog:
    """Raises `ConfigurationError` when it is made without the packages or a usable `CDC["DATABASE_URL"]`."""

    name = "debezium"

    def __init__(self, cdc: CdcSettings, *, batch_size: int) -> None:
        jvm.require_packages()
        self._cdc = cdc
        self._batch_size = batch_size
        self._source = source_of(cdc)

    def slot(self) -> AbstractContextManager[Future[bool]]:
        return slot_of_this_run(self._cdc.slot, self._source)

    def reader(self, schema: str) -> AbstractContextManager[Reader]:
        from strangler.relay.debezium.engine import Engine  # needs the packages that __init__ asked for

        return Engine(config.embedded(self._cdc, self._source, schema=schema, batch_size=self._batch_size))
