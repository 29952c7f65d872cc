"""The service's side of the wire: a question about one of its tables, answered by its database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST
from pydantic import ValidationError

from strangler.cutover.parity.checking import fault_in
from strangler.cutover.parity.declared import copies
from strangler.cutover.parity.questions import AskDigests, AskLook, AskShape, AskSplit, AskSums, Question, question
from strangler.cutover.parity.table import Table
from strangler.cutover.service.access import for_the_monolith
from strangler.errors import ParityError


@for_the_monolith
@require_POST
def parity_view(request: HttpRequest, name: str) -> HttpResponse:
    """400 names the field at fault, 404 the copies there are, 422 what is declared here and cannot be compared."""
    if name not in copies:
        known = ", ".join(sorted(copies)) or "none: is there a parity.py in an installed app?"
        return _refusal(404, f"no @parity_copy is called {name!r} (known: {known})")
    try:
        asked = question.validate_json(request.body)
    except ValidationError as error:
        return _refusal(400, _explained(error))
    try:
        table = Table(copies[name])
        if fault := fault_in(asked, table.order):
            return _refusal(400, fault)
        return JsonResponse(_answer(table, asked), safe=False)
    except ParityError as error:
        return _refusal(422, str(error))


def _answer(table: Table, asked: Question) -> dict[str, Any] | Sequence[Any]:
    if isinstance(asked, AskShape):
        return table.shape().model_dump()
    if isinstance(asked, AskSums):
        return table.sums(asked.spans)
    if isinstance(asked, AskSplit):
        return table.split(asked.spans, asked.pieces)
    if isinstance(asked, AskDigests):
        return table.digests(asked.spans)
    if isinstance(asked, AskLook):
        return table.look(asked.keys)
    return table.read(asked.keys)


def _explained(error: ValidationError) -> str:
    """The first step of a place is what is asked, for pydantic: it is none of the fields."""
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"][1:])) or "the question"
    return f"{place}: {first['msg']}"


def _refusal(status: int, said: str) -> JsonResponse:
    return JsonResponse({"error": said}, status=status)
