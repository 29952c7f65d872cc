"""Which side does a context's work: the monolith or the service taken out of it.

The monolith decides once, in the transaction that publishes, and every envelope carries the stages that it went by
(`stages="notifications=extracted"`). The service obeys the message in hand, not its own settings. So exactly one side
acts on each event, also while a roll-out leaves processes with different settings side by side.
Canary: <https://martinfowler.com/bliki/StranglerFigApplication.html>, stable per key.
"""

from __future__ import annotations

from zlib import crc32

from strangler.conf import Stage, StageSetting, settings
from strangler.cutover.pinning import require_transaction
from strangler.errors import StranglerError
from strangler.messaging import Envelope, incoming_message

_SERVICE = {Stage.EXTRACTED, Stage.RETIRED}


def stage_of(context: str) -> Stage:
    """As this process's settings say, or the database (`STAGE_SOURCE`); `monolith` where they say nothing."""
    return setting_of(context).stage


def monolith_serves(context: str, *, key: str) -> bool:
    """Ask in the monolith before it does `context`'s work itself. `key` is that of the event that tells the service.

    Ask in the transaction that publishes the event: with stages from the database, any other answer may be outdated by
    then, and raises `NotInTransaction`.
    """
    require_transaction(context)
    return not service_has(setting_of(context), key)


def service_serves(context: str) -> bool:
    """Ask in a handler of the service before it acts: did the monolith leave this to the service when it published?

    Raises `StranglerError` outside a handler, where there is no message to go by.
    """
    envelope = incoming_message()
    if envelope is None:
        raise StranglerError(f"service_serves({context!r}) only means something while a message is being handled")
    return service_has(stamped_stage(envelope, context), envelope.subject)


def stamped_stage(envelope: Envelope, context: str) -> StageSetting:
    """The stage of `context` by which the publisher of this message went."""
    stamped = dict(item.partition("=")[::2] for item in (envelope.stages or "").split(",") if item)
    return StageSetting.parse(stamped.get(context, Stage.MONOLITH))


def setting_of(context: str) -> StageSetting:
    """The stage with its percent."""
    return settings.stages_in_force().of(context)


def service_has(setting: StageSetting, key: str) -> bool:
    """Whether `key` is the service's in this stage; a key that a growing canary has won stays won."""
    if setting.stage is Stage.CANARY:
        return crc32(key.encode()) % 100 < setting.percent
    return setting.stage in _SERVICE
