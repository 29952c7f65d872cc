from typing import Any, NoReturn

from django.db import models

from monolith.errors import LedgerIsAppendOnly


def _refuse(model: type[models.Model]) -> NoReturn:
    raise LedgerIsAppendOnly(f"{model._meta.verbose_name} is append-only; write a new, opposite entry instead.")


class AppendOnlyQuerySet(models.QuerySet):
    def update(self, **_kwargs: Any) -> NoReturn:
        _refuse(self.model)

    def delete(self) -> NoReturn:
        _refuse(self.model)


class AppendOnly(models.Model):
    """A ledger entry: once written it is neither changed nor deleted, so sums over it can always be trusted."""

    created_at = models.DateTimeField(auto_now_add=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            _refuse(type(self))
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        _refuse(type(self))
