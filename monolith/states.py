"""State machines of the shop: a table of legal moves per model, and a refusal that names them."""

from typing import Any, ClassVar

from django.db import models

from monolith.errors import IllegalTransition


class HasStates(models.Model):
    """Mix-in for a model with a `status` field. `LEGAL_MOVES` has one entry for every status, final ones included."""

    LEGAL_MOVES: ClassVar[dict[Any, tuple[Any, ...]]]
    status: Any

    class Meta:
        abstract = True

    def may_become(self, status: str) -> bool:
        return status in self._legal_moves()

    def check_move_to(self, status: str) -> None:
        """Raises IllegalTransition naming what would be legal."""
        if self.may_become(status):
            return
        legal = self._legal_moves()
        moves = f"from here it can only become {' or '.join(legal)}" if legal else "that is final"
        name = type(self)._meta.verbose_name.capitalize()
        raise IllegalTransition(f"{name} {self} is {self.status} and can't become {status}: {moves}.")

    def move_to(self, status: str) -> None:
        """Sets the status without saving. Raises IllegalTransition."""
        self.check_move_to(status)
        self.status = status

    def _legal_moves(self) -> tuple[str, ...]:
        return tuple(str(move) for move in self.LEGAL_MOVES[self.status])
