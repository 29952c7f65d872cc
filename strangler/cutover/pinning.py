"""The stages of a transaction: whoever asks first settles them for all who ask until it ends.

`monolith_serves()` leaves the work to the service, or doesn't, and `publish()` stamps whose it is: between the two, the
stages in the database must not change (ADR 15). The pin stands among the transaction's `on_commit` hooks: Django drops
it at commit and rollback, and a savepoint that is rolled back takes along what was settled in it.
"""

from __future__ import annotations

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from strangler.conf import StagesInForce, settings
from strangler.errors import NotInTransaction

_LATEST = "strangler_stages"


class _Pin:
    """`transaction` tells the transactions of a TestCase apart, which are savepoints of the test's own."""

    __slots__ = ("place", "stages", "transaction")

    def __init__(self, stages: StagesInForce, transaction: object, place: int) -> None:
        self.stages = stages
        self.transaction = transaction
        self.place = place

    def __call__(self) -> None:
        """The hook itself has nothing to do."""

    def holds(self, connection: BaseDatabaseWrapper) -> bool:
        """It keeps its place as long as it is there: only what was registered after it can go before it does."""
        hooks = connection.run_on_commit
        return self.place < len(hooks) and hooks[self.place][1] is self


def stages_in_force() -> StagesInForce:
    """Those of this thread's open transactions, on whichever databases; outside of one, the latest."""
    from strangler.cutover.overrides import database_stages  # needs models, which a settings module has not got yet

    transactions = {
        connection: _transaction_of(connection)
        for connection in connections.all(initialized_only=True)
        if _in_transaction(connection)
    }
    pins = {connection: _pin_of(connection, name) for connection, name in transactions.items()}
    settled = next((pin.stages for pin in pins.values() if pin is not None), None) or database_stages.latest()
    for connection, pin in pins.items():
        if pin is None:
            _settle(connection, _Pin(settled, transactions[connection], len(connection.run_on_commit)))
    return settled


def require_transaction(context: str) -> None:
    """Raises `NotInTransaction` where the answer may be another by the time the event is published."""
    if settings.stage_source == "settings" or any(c.in_atomic_block for c in connections.all(initialized_only=True)):
        return
    raise NotInTransaction(
        f'monolith_serves({context!r}) outside a transaction: with STRANGLER["STAGE_SOURCE"] = "database" the stage '
        "may change before the event is published. Ask inside the transaction.atomic() block that publishes it"
    )


def _in_transaction(connection: BaseDatabaseWrapper) -> bool:
    return connection.in_atomic_block and len(connection.atomic_blocks) > _of_the_test(connection)


def _transaction_of(connection: BaseDatabaseWrapper) -> object:
    outside = _of_the_test(connection)
    return connection.savepoint_ids[outside - 1] if outside else None


def _of_the_test(connection: BaseDatabaseWrapper) -> int:
    """How many of the open blocks a TestCase has opened, round the code that it tests."""
    return sum(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


def _settle(connection: BaseDatabaseWrapper, pin: _Pin) -> None:
    connection.on_commit(pin)
    vars(connection)[_LATEST] = pin


def _pin_of(connection: BaseDatabaseWrapper, transaction: object) -> _Pin | None:
    pin: _Pin | None = vars(connection).get(_LATEST)
    return pin if pin is not None and pin.transaction == transaction and pin.holds(connection) else None
