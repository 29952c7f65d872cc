"""Do once what may be asked for twice. Source: IETF draft-ietf-httpapi-idempotency-key-header.

Where the draft answers 409 to a retry that comes while the first request is at work, this waits and gives its answer.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction
from django.utils import timezone

from monolith.idempotency.errors import KeyMalformed, KeyReused
from monolith.idempotency.models import IdempotencyKey
from strangler.batches import delete_in_batches

MAX_LENGTH = 255
_DELETE = """
    WITH old AS MATERIALIZED (
        SELECT id FROM idempotency_idempotencykey WHERE created_at < %(before)s
        ORDER BY created_at LIMIT %(size)s FOR UPDATE SKIP LOCKED)
    DELETE FROM idempotency_idempotencykey WHERE id IN (SELECT id FROM old)
"""


class Answer(NamedTuple):
    """`body` is anything JSON can say; a replayed answer went through JSON, so a Decimal comes back as a string."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({})
    replayed: bool = False


@transaction.atomic
def once(work: Callable[[], Answer], *, user: AbstractBaseUser, key: str, scope: str, request: Any) -> Answer:
    """Returns what `work` answers, or what it answered when the same `request` came with this key before.

    The key is recorded first and in the transaction of the work: a retry that comes meanwhile waits at the unique index
    until this commits, and gets the answer. When the work raises, the record is rolled back with it; then a retry runs
    afresh. Keys are per user and scope. Raises KeyMalformed, KeyReused, and what `work` raises.
    """
    _check(key)
    fingerprint = _fingerprint(request)
    try:
        with transaction.atomic():
            record = IdempotencyKey.objects.create(user=user, scope=scope, key=key, fingerprint=fingerprint)
    except IntegrityError:
        return _replay(IdempotencyKey.objects.get(user=user, scope=scope, key=key), fingerprint)
    answer = work()
    record.status, record.headers = answer.status, dict(answer.headers)
    record.body = json.dumps(answer.body, cls=DjangoJSONEncoder)
    record.save(update_fields=["status", "headers", "body"])
    return answer


def forget(*, user: AbstractBaseUser, key: str, scope: str) -> None:
    """For work that was begun, and refused later than it could be rolled back: a retry runs afresh."""
    IdempotencyKey.objects.filter(user=user, scope=scope, key=key).delete()


def prune(*, older_than: timedelta, batch_size: int = 5_000) -> int:
    """Forgets what was answered longer ago; returns how many. A retry later than that is done a second time."""
    before = timezone.now() - older_than
    return sum(delete_in_batches(DEFAULT_DB_ALIAS, _DELETE, {"before": before}, size=batch_size))


def _check(key: str) -> None:
    if not (0 < len(key) <= MAX_LENGTH and key.isascii() and key.isprintable()):
        raise KeyMalformed(f"Idempotency-Key must be 1 to {MAX_LENGTH} printable ASCII characters, such as a UUID.")


def _fingerprint(request: Any) -> str:
    canonical = json.dumps(request, sort_keys=True, separators=(",", ":"), cls=DjangoJSONEncoder)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _replay(record: IdempotencyKey, fingerprint: str) -> Answer:
    if record.fingerprint != fingerprint:
        raise KeyReused(f"Idempotency-Key {record.key!r} came with another request before; send a new key.")
    return Answer(json.loads(record.body), record.status, record.headers, replayed=True)
