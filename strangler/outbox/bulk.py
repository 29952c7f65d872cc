"""Bulk operations that tell of every row they change, with one statement for the rows and one for the events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connections, models, transaction
from django.db.models import sql
from django.db.models.deletion import Collector

from strangler.errors import BulkWriteNotTold
from strangler.messaging import Event
from strangler.outbox.publishing import publish_many

_Model = TypeVar("_Model", bound=models.Model)


class Change(StrEnum):
    """What a bulk operation did."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


class PublishingQuerySet(models.QuerySet[_Model]):
    """Opt in by a model's manager, and `bulk_create()`, `bulk_update()`, `update()` and `delete()` publish::

        class OrderQuerySet(PublishingQuerySet["Order"]):
            def events(self, change: Change, rows: Sequence[Order]) -> Iterable[Event]:
                return [OrderCompleted(order_number=row.number) for row in rows if row.status == "completed"]

        class Order(models.Model):
            objects = OrderQuerySet.as_manager()

    Rows and events are in one transaction, and the events are made of the very rows that the statement returned
    (`UPDATE … RETURNING`): no second query could miss one, or find one that somebody else has changed since. All
    rows are in memory at once: split a very large operation up by a filter.
    """

    def events(self, change: Change, rows: Sequence[_Model]) -> Iterable[Event]:
        """What to publish of `rows`, which are as they are after the change, or were before they were deleted."""
        raise NotImplementedError(f"{type(self).__qualname__} must define events(change, rows)")

    def bulk_create(  # noqa: PLR0917  (Django's own)
        self,
        objs: Iterable[_Model],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[_Model]:
        """Raises `BulkWriteNotTold` with `ignore_conflicts` or `update_conflicts`."""
        if ignore_conflicts or update_conflicts:
            option = "ignore_conflicts" if ignore_conflicts else "update_conflicts"
            raise BulkWriteNotTold(
                f"bulk_create({option}=True) on {self.model._meta.label}: nobody learns which rows it created, so that "
                "no event can tell of them. Select the rows that are there first, then create and update the others"
            )
        self._for_write = True
        with transaction.atomic(using=self.db, savepoint=False):
            rows = super().bulk_create(objs, batch_size)
            self._publish(Change.CREATED, rows)
        return rows

    def update(self, **values: Any) -> int:
        """Raises `BulkWriteNotTold` for a model that has its columns in several tables."""
        if self.query.is_sliced or self.query.combinator:
            return super().update(**values)  # Django refuses it, and says why
        if (self.model._meta.concrete_model or self.model)._meta.parents:
            raise BulkWriteNotTold(
                f"update() on {self.model._meta.label}: it inherits columns from another table, which takes two "
                "statements. Update the rows in your own transaction, and publish_many() what you changed"
            )
        self._for_write = True
        query: Any = self.query.chain(sql.UpdateQuery)
        query.add_update_values(values)
        query.clear_ordering(force=True)
        query.clear_select_clause()
        return self._change(Change.UPDATED, query)

    def delete(self) -> tuple[int, dict[str, int]]:
        """One statement where Django needs no more. Where it follows cascades or sends signals, rows are locked and
        read first, and then exactly these are deleted in Django's way.
        """
        if self.query.is_sliced or self.query.distinct_fields or self.query.combinator or _is_of_values(self):
            return super().delete()  # Django refuses it, and says why
        self._for_write = True
        if Collector(using=self.db, origin=self).can_fast_delete(self):
            count = self._change(Change.DELETED, self.query.chain(sql.DeleteQuery))
            return count, {self.model._meta.label: count} if count else {}
        return self._delete_with_what_depends_on_it()

    def _delete_with_what_depends_on_it(self) -> tuple[int, dict[str, int]]:
        all_rows: models.QuerySet[_Model] = models.QuerySet(self.model, using=self.db)
        with transaction.atomic(using=self.db, savepoint=False):
            these = all_rows.filter(pk__in=self.order_by().values("pk"))
            rows = list(these.select_for_update(of=("self",)))
            pks = [row.pk for row in rows]  # of a deleted row it is None
            self._publish(Change.DELETED, rows)
            return all_rows.filter(pk__in=pks).delete()

    def _change(self, change: Change, query: Any) -> int:
        """Executes it and publishes what it returns."""
        self._result_cache = None
        try:
            statement, parameters = query.get_compiler(self.db).as_sql()
        except EmptyResultSet:
            return 0
        if not statement:  # update() without values
            return 0
        quote = connections[self.db].ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in self.model._meta.concrete_fields)
        with transaction.atomic(using=self.db, savepoint=False):
            returning = f"{statement} RETURNING {columns}"
            rows: list[_Model] = list(models.QuerySet(self.model).raw(returning, parameters, using=self.db))
            self._publish(change, rows)
        return len(rows)

    def _publish(self, change: Change, rows: Sequence[_Model]) -> None:
        if rows and (events := list(self.events(change, rows))):
            publish_many(events, using=self.db)


def _is_of_values(queryset: Any) -> bool:
    """`values()` or `values_list()` was called on it."""
    return queryset._fields is not None
