"""What several models are: state machines, and ledgers."""

from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils import timezone

from extracted.inventory.errors import IllegalTransition, LedgerIsAppendOnly


class HasStates(models.Model):
    """Mix-in for a model with a `status` field. `LEGAL_MOVES` has one entry for every status, final ones included."""

    LEGAL_MOVES: ClassVar[dict[Any, tuple[Any, ...]]]
    status: Any

    class Meta:
        abstract = True

    def move_to(self, status: str) -> None:
        """Sets the status without saving. Raises IllegalTransition naming what would be legal."""
        legal = tuple(str(move) for move in self.LEGAL_MOVES[self.status])
        if status not in legal:
            moves = f"from here it can only become {' or '.join(legal)}" if legal else "that is final"
            name = type(self)._meta.verbose_name.capitalize()
            raise IllegalTransition(f"{name} {self} is {self.status} and can't become {status}: {moves}.")
        self.status = status


class AppendOnlyQuerySet(models.QuerySet):
    def update(self, **_kwargs: Any) -> NoReturn:
        _refuse(self.model)

    def delete(self) -> NoReturn:
        _refuse(self.model)


class AppendOnly(models.Model):
    """A ledger entry: once written it is neither changed nor deleted, so sums over it can always be trusted.

    `created_at` is when it happened, also where it is a copy.
    """

    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            _refuse(type(self))
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        _refuse(type(self))


def _refuse(model: type[models.Model]) -> NoReturn:
    raise LedgerIsAppendOnly(f"{model._meta.verbose_name} is append-only; write a new, opposite entry instead.")
