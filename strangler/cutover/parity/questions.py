"""What one side asks the other, as it goes over the wire: bounded, so that no request reads or sends a whole table."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

SPANS_AT_ONCE = 64
CUTS_OF_A_SPAN = 64
KEYS_AT_ONCE = 500
ROWS_OF_AN_ANSWER = 10_000
LONGEST_KEY = 500

Key = Annotated[str, StringConstraints(max_length=LONGEST_KEY)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(_Strict):
    """Keys from `start` to before `end`; None: without a bound."""

    start: Key | None = None
    end: Key | None = None


class CutSpan(Span):
    """In pieces: each cut is the first key of the next one."""

    cuts: tuple[Key, ...] = Field(default=(), max_length=CUTS_OF_A_SPAN)


class Checksum(NamedTuple):
    """Of any number of rows, in any order: their number, and the sum of their digests."""

    rows: int
    total: int


class Cut(NamedTuple):
    """A piece as the side sees it that chose it; it begins at `start`."""

    start: str
    rows: int
    total: int

    @property
    def checksum(self) -> Checksum:
        return Checksum(self.rows, self.total)


class Digest(NamedTuple):
    """60 bits of a row's canonical text."""

    key: str
    digest: int


class Row(NamedTuple):
    """A row's canonical texts, in the order of the names of its columns."""

    key: str
    values: list[str | None]


class Shape(_Strict):
    """By what a side compares: the family of each column, by name, the key among them."""

    key: str
    columns: dict[str, str]


Spans = Annotated[tuple[Span, ...], Field(min_length=1, max_length=SPANS_AT_ONCE)]
Keys = Annotated[tuple[Key, ...], Field(min_length=1, max_length=KEYS_AT_ONCE)]


class AskShape(_Strict):
    ask: Literal["shape"] = "shape"


class AskSums(_Strict):
    """A checksum for each piece of each span: the answer has one list for each span."""

    ask: Literal["sums"] = "sums"
    spans: Annotated[tuple[CutSpan, ...], Field(min_length=1, max_length=SPANS_AT_ONCE)]


class AskSplit(_Strict):
    """Cut each span into so many pieces of as many rows each, as this side has them."""

    ask: Literal["split"] = "split"
    spans: Spans
    pieces: int = Field(ge=2, le=CUTS_OF_A_SPAN)


class AskDigests(_Strict):
    ask: Literal["digests"] = "digests"
    spans: Spans


class AskLook(_Strict):
    """The digests of those of these keys that this side has."""

    ask: Literal["look"] = "look"
    keys: Keys


class AskRead(_Strict):
    """The values of those of these keys that this side has."""

    ask: Literal["read"] = "read"
    keys: Keys


Question = AskShape | AskSums | AskSplit | AskDigests | AskLook | AskRead

question: TypeAdapter[Question] = TypeAdapter(Annotated[Question, Field(discriminator="ask")])
sums_answer = TypeAdapter(list[list[Checksum]])
split_answer = TypeAdapter(list[list[Cut]])
digests_answer = TypeAdapter(list[Digest])
rows_answer = TypeAdapter(list[Row])
