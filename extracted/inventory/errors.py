"""Errors that staff or the monolith can cause. The text is shown to whoever did, so it says the way out."""

from typing import ClassVar

from strangler.errors import StranglerError


class InventoryError(StranglerError):
    """Root of the service's errors; `code` is stable, for programs."""

    code: ClassVar[str] = "invalid"


class OutOfStock(InventoryError):
    """There are not enough units in any warehouse."""

    code = "out_of_stock"


class NothingToShip(InventoryError):
    """What should leave is not promised (any more)."""

    code = "nothing_to_ship"


class NotTheOwner(InventoryError):
    """The stock of a SKU is changed where it is owned, and that is not here."""

    code = "not_the_owner"


class ChangedMeanwhile(InventoryError):
    """A change is asked under the UUID of another one, or of one that still waits for its answer."""

    code = "conflict"


class IllegalTransition(InventoryError):
    """A state machine refused a move; the text lists the legal ones."""

    code = "illegal_transition"


class LedgerIsAppendOnly(InventoryError):
    """Entries of a ledger are neither changed nor deleted."""

    code = "ledger_is_append_only"
