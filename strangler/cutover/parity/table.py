"""One side's rows as its own database sees them: counted, summed up and cut in there, a statement a question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

from django.core.exceptions import FieldError

from strangler.cutover.parity import statements
from strangler.cutover.parity.columns import Column, Order, column, order_of, type_name
from strangler.cutover.parity.declared import Declared
from strangler.cutover.parity.questions import (
    LONGEST_KEY,
    ROWS_OF_AN_ANSWER,
    Checksum,
    Cut,
    CutSpan,
    Digest,
    Row,
    Shape,
    Span,
)
from strangler.cutover.parity.reading import reading
from strangler.errors import ParityError


class Table:
    """Of the side that is at hand; a service's is asked through `Remote`, which has the same methods.

    Raises `ParityError` for what cannot be compared: it names the declaration and the column.
    """

    def __init__(self, declared: Declared) -> None:
        self._label = declared.label
        try:
            queryset = declared.rows()
        except (FieldError, ValueError) as error:  # a name that there is not, or twice
            raise self._error(str(error)) from error
        query = queryset.query
        self._key = declared.key
        self._alias = queryset.db
        self._names = list(query.selected or [*query.extra_select, *query.values_select, *query.annotation_select])
        if not self._names:
            raise self._error("its function has to return a QuerySet of .values(...): the key and what to compare")
        if query.is_sliced:
            raise self._error("its QuerySet is a slice: compare all of it, or a part by .filter(...)")
        if self._key not in self._names:
            raise self._error(f"the key {self._key!r} is not among its columns ({', '.join(self._names)})")
        compiler = queryset.order_by().query.get_compiler(self._alias, elide_empty=False)
        sql, self._params = compiler.as_sql()
        self._source = statements.source(sql, len(self._names))

    @cached_property
    def order(self) -> Order:
        """Of its keys."""
        (key,) = (item for item in self._columns if item.name == self._key)
        order = order_of(key)
        if order is None:
            raise self._error(f"its key {key.name!r} is {key.type}: a key is an integer, text, a uuid or a date")
        return order

    def shape(self) -> Shape:
        """Raises `ParityError` where rows have no key, too: no range would hold them."""
        ((keyless,),) = self._ask(statements.KEYLESS)
        if keyless:
            raise self._error(f"rows have no {self._key!r}: leave them out by .exclude({self._key}=None)")
        return Shape(key=self._key, columns={item.name: item.family for item in self._columns})

    def estimate(self) -> int:
        """Rows, as the planner thinks: for a progress bar, not for arithmetic."""
        with reading(self._alias, self._label) as cursor:
            cursor.execute(statements.ESTIMATED + self._source + statements.ESTIMATE, self._params)
            ((plan,),) = cursor.fetchall()
        return int(plan[0]["Plan"]["Plan Rows"])

    def walk(self, start: str | None, *, pieces: int, rows: int) -> tuple[list[Cut], str | None]:
        """From `start` on, so many pieces of so many rows; and the key after them, None at the end."""
        where, params = statements.within([Span(start=start)], self.order)
        found = self._ask(statements.WALK, *params, pieces * rows + 1, rows, where=where)
        cuts = self._apart(Cut(key, size, int(total)) for key, size, total in found)
        return (cuts, None) if len(cuts) <= pieces else (cuts[:pieces], cuts[pieces].start)

    def sums(self, spans: Sequence[CutSpan]) -> list[list[Checksum]]:
        bounds, numbers = statements.numbered(spans)
        where, params = statements.within(spans, self.order)
        found = self._ask(statements.SUMS, bounds, *params, where=where)
        sums = {piece: Checksum(size, int(total)) for piece, size, total in found}
        return [[sums.get(piece, Checksum(0, 0)) for piece in of_span] for of_span in numbers]

    def split(self, spans: Sequence[Span], pieces: int) -> list[list[Cut]]:
        bounds, numbers = statements.numbered(spans)
        where, params = statements.within(spans, self.order)
        cuts: dict[int, list[Cut]] = {number: [] for (number,) in numbers}
        for number, key, size, total in self._ask(statements.SPLIT, bounds, *params, pieces, where=where):
            cuts[number].append(Cut(key, size, int(total)))
        return [self._apart(of_span) for of_span in cuts.values()]

    def digests(self, spans: Sequence[Span]) -> list[Digest]:
        where, params = statements.within(spans, self.order)
        found = self._ask(statements.DIGESTS, *params, ROWS_OF_AN_ANSWER + 1, where=where)
        if len(found) > ROWS_OF_AN_ANSWER:
            raise self._error(f"more than {ROWS_OF_AN_ANSWER:,} rows answer one question: compare again later")
        return self._one_row_a_key(found)

    def look(self, keys: Sequence[str]) -> list[Digest]:
        return self._one_row_a_key(self._of(statements.LOOK, keys))

    def read(self, keys: Sequence[str]) -> list[Row]:
        return [Row(*row) for row in self._of(statements.READ, keys)]

    def _of(self, statement: str, keys: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """By `=`, for the sake of the index; a column whose collation tells no cases apart says more than was asked."""
        asked = set(keys)
        return (row for row in self._ask(statement, list(keys)) if row[0] in asked)

    @cached_property
    def _columns(self) -> list[Column]:
        """In the order of their names, the same on both sides. Asked of the database, since a cast is a type, too."""
        with reading(self._alias, self._label) as cursor:
            cursor.execute(self._source + statements.TYPES, self._params)
            codes = [described.type_code for described in cursor.description]
        made = [self._column(n, name, code) for n, (name, code) in enumerate(zip(self._names, codes, strict=True))]
        return sorted(made, key=lambda item: item.name)

    def _column(self, number: int, name: str, type_code: int) -> Column:
        made = column(name, statements.column(number), type_code)
        if made is None:
            raise self._error(
                f"column {name!r} is {type_name(type_code)}, which two databases need not write alike: cast a float to "
                "a rounded decimal, anything else to text"
            )
        return made

    def _ask(self, statement: str, *params: Any, where: str = "") -> list[tuple[Any, ...]]:
        key = statements.column(self._names.index(self._key))
        text = self._source + statements.written(statement, key, self._columns, self.order, where)
        with reading(self._alias, self._label) as cursor:
            cursor.execute(text, [*self._params, *params])
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def _require_short(self, key: str) -> None:
        if len(key) > LONGEST_KEY:
            raise self._error(
                f"the key {key[:40]!r}… has more than {LONGEST_KEY:,} characters: compare by a shorter one"
            )

    def _one_row_a_key(self, rows: Iterable[tuple[Any, ...]]) -> list[Digest]:
        found: dict[str, Digest] = {}
        for row in rows:
            digest = Digest(*row)
            self._require_short(digest.key)
            if found.setdefault(digest.key, digest) is not digest:
                raise self._twice(digest.key)
        return list(found.values())

    def _apart(self, cuts: Iterable[Cut]) -> list[Cut]:
        found = list(cuts)
        for cut in found:
            self._require_short(cut.start)
        for one, other in pairwise(found):
            if one.start == other.start:
                raise self._twice(one.start)
        return found

    def _twice(self, key: str) -> ParityError:
        return self._error(f"several rows have the {self._key} {key!r}: a key tells rows apart")

    def _error(self, said: str) -> ParityError:
        return ParityError(f"{self._label}: {said}")
