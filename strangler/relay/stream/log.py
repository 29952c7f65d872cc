"""The log as psycopg reads it: no Java, and no slot that could be left behind."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, closing, contextmanager

import psycopg

from strangler.conf import CdcSettings
from strangler.errors import RelayError
from strangler.relay.log.reading import Reader
from strangler.relay.log.slot import slot_of_this_session
from strangler.relay.log.source import source_of
from strangler.relay.stream.reader import StreamReader


class StreamedLog:
    """Raises `ConfigurationError` when it is made without a usable `CDC["DATABASE_URL"]`."""

    name = "stream"

    def __init__(self, cdc: CdcSettings, *, batch_size: int) -> None:
        self._cdc = cdc
        self._batch_size = batch_size
        self._source = source_of(cdc)
        self.session: psycopg.Connection | None = None

    @contextmanager
    def slot(self) -> Iterator[Future[bool]]:
        """The session that makes it reads it: nobody else can, and when it ends, the slot does."""
        with closing(self._source.connect_to_log()) as session, slot_of_this_session(session, self._cdc.slot) as made:
            self.session = session
            yield made

    def reader(self, schema: str) -> AbstractContextManager[Reader]:
        if self.session is None:
            raise RelayError("the slot comes before its reader")
        return StreamReader(
            self.session,
            slot=self._cdc.slot,
            publication=self._cdc.publication,
            schema=schema,
            batch_size=self._batch_size,
        )
