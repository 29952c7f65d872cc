"""One error tree: catch `StranglerError` and you have caught everything the kit raises on purpose."""

from __future__ import annotations


class StranglerError(Exception):
    """Root of the kit's errors."""


class ConfigurationError(StranglerError):
    """A setting is missing or wrong; the message names it and what it takes."""


class MessagingError(StranglerError):
    """An event or its envelope is not what the published language says."""


class InvalidEventDefinition(MessagingError):
    """An event class is declared wrongly."""


class InvalidEnvelope(MessagingError):
    """The bytes are not a CloudEvents 1.0 document of ours."""


class InvalidEvent(MessagingError):
    """The envelope is sound, its data does not fit the event class that should read it."""


class MissingUpcaster(MessagingError):
    """A message is of an older version and no chain of upcasters leads to the one the handler reads."""


class OutboxError(StranglerError):
    """An event cannot be published."""


class NotInTransaction(OutboxError):
    """`publish()` was called outside a transaction: the event could exist without the change, or the reverse."""


class NotTheOwner(OutboxError):
    """An application tried to publish an event that another context owns."""


class EventTooLarge(OutboxError):
    """An event is larger than `MAX_EVENT_BYTES`: some broker on the way would refuse it, long after the commit."""


class BulkWriteNotTold(OutboxError):
    """A bulk operation of which nobody could say which rows it changed, and so no event can tell of them."""


class InboxError(StranglerError):
    """A subscription or a consumer is set up wrongly."""


class NoHandler(InboxError):
    """A message reached a consumer group in which nothing handles its type."""


class ConnectionClosedByHandler(InboxError):
    """A handler closed the connection that its own transaction ran on: nothing of that transaction is left."""


class HandlerCrashed(InboxError):
    """A handler was started as often as the limit allows and took its process with it each time."""


class WorkerDied(InboxError):
    """A consumer's worker process ended with messages in hand: none of them may be acknowledged."""


class WorkerFailed(InboxError):
    """A consumer's worker process ran into a bug, whose traceback this is."""


class BrokerError(StranglerError):
    """Something between the kit and a broker went wrong."""


class BrokerUnavailable(BrokerError):
    """The broker cannot be reached, or the connection broke: nothing unconfirmed may be taken as delivered."""


class RelayError(StranglerError):
    """A relay cannot do its work."""


class CaptureUnavailable(RelayError):
    """The stream of changes ended or could not begin: nothing unsettled may be taken as delivered."""


class CapabilityError(StranglerError):
    """The two implementations of a capability do not fit each other, or one is missing."""


class BackfillError(StranglerError):
    """A backfill is declared wrongly, or cannot be told to a consumer group as things are."""


class StagesUnknown(StranglerError):
    """The stages in the database cannot be read and never were: nobody may guess which side does the work."""


class StageMoveRefused(StranglerError):
    """A context cannot take this step; the message says which it can take, or what keeps it."""


class ServiceUnavailable(StranglerError):
    """A service taken out of the monolith does not answer, or not as it should; the message names it and its URL.

    `status` is the answer's, None where none came.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ParityError(StranglerError):
    """What two sides are to be compared by is declared wrongly, or does not fit; the message names it."""


class SagaError(StranglerError):
    """A saga is declared wrongly, or asked for something that it cannot do as things are; the message names it."""


class SagaAlreadyRunning(SagaError):
    """A saga of this name is running for this key: two at once would answer each other's questions."""


class SagaOutdated(SagaError):
    """A running instance does not fit the code that should go on with it: a step is gone, or its data is unreadable."""


class NoAnswer(SagaError):
    """A step was asked as often as it may be, and nobody answered in time. `reason` is the text, as events have it."""

    @property
    def reason(self) -> str:
        return str(self)


class SeveringError(StranglerError):
    """A foreign key cannot be severed or joined again as things are; the message names table, column and way out."""


class EventStoreError(StranglerError):
    """A stream or a projection is declared wrongly, or asked for what it cannot do; the message names it."""


class ConcurrencyConflict(EventStoreError):
    """A stream has gone on since it was loaded: load it again and decide anew."""

    def __init__(self, stream: str, *, expected: int, actual: int) -> None:
        super().__init__(
            f"stream {stream} is at version {actual}, and {expected} was expected: load it again and decide anew"
        )
        self.stream = stream
        self.expected = expected
        self.actual = actual


class UnreadableEvent(EventStoreError):
    """An event of a stream does not fit the code that should read it; the message names it and the way out."""


class ProjectionFailed(EventStoreError):
    """A projection's function failed; the message names the events and the error."""


class ContractError(StranglerError):
    """A contract cannot be written, read or compared; the message names the event or the file, and the way out."""
