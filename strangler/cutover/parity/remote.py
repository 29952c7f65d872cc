"""The service's rows, asked over HTTP: what `Table` does here, there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from strangler.cutover.parity import questions
from strangler.cutover.parity.questions import Checksum, Cut, CutSpan, Digest, Question, Row, Shape, Span
from strangler.cutover.service.client import ServiceClient
from strangler.errors import ServiceUnavailable

A = TypeVar("A")


class Side(Protocol):
    """Both sides answer these. Spans are in order and apart."""

    def shape(self) -> Shape: ...

    def sums(self, spans: Sequence[CutSpan]) -> list[list[Checksum]]: ...

    def split(self, spans: Sequence[Span], pieces: int) -> list[list[Cut]]: ...

    def digests(self, spans: Sequence[Span]) -> list[Digest]: ...

    def look(self, keys: Sequence[str]) -> list[Digest]: ...

    def read(self, keys: Sequence[str]) -> list[Row]: ...


class Remote:
    """Raises `ServiceUnavailable`, with the way out that belongs to the service's answer."""

    def __init__(self, client: ServiceClient, context: str, name: str) -> None:
        self._client = client
        self._context = context
        self._name = name

    def shape(self) -> Shape:
        return self._ask(questions.AskShape(), TypeAdapter(Shape))

    def sums(self, spans: Sequence[CutSpan]) -> list[list[Checksum]]:
        return self._ask(questions.AskSums(spans=tuple(spans)), questions.sums_answer)

    def split(self, spans: Sequence[Span], pieces: int) -> list[list[Cut]]:
        return self._ask(questions.AskSplit(spans=tuple(spans), pieces=pieces), questions.split_answer)

    def digests(self, spans: Sequence[Span]) -> list[Digest]:
        return self._ask(questions.AskDigests(spans=tuple(spans)), questions.digests_answer)

    def look(self, keys: Sequence[str]) -> list[Digest]:
        return self._ask(questions.AskLook(keys=tuple(keys)), questions.digests_answer)

    def read(self, keys: Sequence[str]) -> list[Row]:
        return self._ask(questions.AskRead(keys=tuple(keys)), questions.rows_answer)

    def _ask(self, asked: Question, answer: TypeAdapter[A]) -> A:
        try:
            said = self._client.post(f"parity/{self._name}", asked.model_dump(exclude_none=True))
        except ServiceUnavailable as error:
            raise ServiceUnavailable(f"{error}. {self._way_out(error.status)}", status=error.status) from error
        try:
            return answer.validate_python(said)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise ServiceUnavailable(
                f"the service of {self._context} answers a question about {self._name} with what this version does not "
                f"understand ({place}: {first['msg']}): give both sides the same version of the kit"
            ) from error

    def _way_out(self, status: int | None) -> str:
        setting = f'STRANGLER["SERVICES"]["{self._context}"]'
        if status is None:
            return f'Start the service, or mend {setting}["URL"]'
        return {
            400: "Give both sides the same version of the kit",
            403: f'Give {setting}["TOKEN"] the value of the service\'s STRANGLER["SERVICE_TOKEN"]',
            404: f'Declare @parity_copy("{self._name}", ...) in a parity.py of the service, include '
            f'strangler.cutover.service.urls in its urls.py, or mend {setting}["URL"]',
        }.get(status, "The service's log says more")
