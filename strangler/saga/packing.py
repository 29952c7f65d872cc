"""A saga's data, to JSON and back: what cannot come back is refused while somebody can still do something about it."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from strangler.errors import SagaError, SagaOutdated

D = TypeVar("D", bound=BaseModel)
MAX_KEY = 255


def pack(data: D, model: type[D], *, owner: str, key_field: str, key: str | None) -> dict[str, Any]:
    """`key` is the instance's, where it has one already. Raises `SagaError`."""
    if not isinstance(data, model):
        raise SagaError(f"saga {owner!r} remembers a {model.__name__}, not {data!r}")
    found = str(getattr(data, key_field))
    if key is not None and found != key:
        raise SagaError(f"saga {owner!r}: {key_field} of a running instance stays {key!r}, it cannot become {found!r}")
    if not found or len(found) > MAX_KEY or "\x00" in found:
        raise SagaError(f"saga {owner!r}: {key_field} {found!r} must be 1 to {MAX_KEY} characters, and no NUL")
    text = data.model_dump_json()
    try:
        model.model_validate_json(text)
    except ValidationError as error:
        raise SagaError(f"saga {owner!r}: {model.__name__} does not survive JSON: {_faults(error)}") from error
    if "\\u0000" in text:
        raise SagaError(f"saga {owner!r}: {model.__name__} holds a NUL character, which PostgreSQL's jsonb cannot")
    packed: dict[str, Any] = json.loads(text)
    return packed


def unpack(packed: dict[str, Any], model: type[D], *, owner: str) -> D:
    """Raises `SagaOutdated`."""
    try:
        return model.model_validate_json(json.dumps(packed))
    except ValidationError as error:
        raise SagaOutdated(
            f"the data of this instance of saga {owner!r} does not fit {model.__name__} any more: {_faults(error)}. "
            "Deploy code that reads it (give new fields a default) and resume"
        ) from error


def _faults(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, item['loc'])) or 'data'}: {item['msg']}" for item in error.errors()[:5])
