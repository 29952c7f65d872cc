"""What comparisons came to: a tally for each capability, its causes of mismatch, and a few examples of each."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db import connections, router, transaction
from django.db.backends.utils import CursorWrapper

from strangler.cutover.models import ShadowCause
from strangler.cutover.shadow.comparing import Finding

EXAMPLES_OF_A_CAUSE = 20

_TALLY = """
    INSERT INTO strangler_shadow_tally AS t
        (capability, comparisons, mismatches, unsettled, dropped, clean_run, last_at)
    VALUES (%(capability)s, %(comparisons)s, %(mismatches)s, %(unsettled)s, %(dropped)s, %(clean)s, clock_timestamp())
    ON CONFLICT (capability) DO UPDATE SET
        comparisons = t.comparisons + EXCLUDED.comparisons,
        mismatches = t.mismatches + EXCLUDED.mismatches,
        unsettled = t.unsettled + EXCLUDED.unsettled,
        dropped = t.dropped + EXCLUDED.dropped,
        clean_run = EXCLUDED.clean_run + CASE WHEN EXCLUDED.mismatches = 0 THEN t.clean_run ELSE 0 END,
        last_at = EXCLUDED.last_at
"""
_CAUSE = """
    INSERT INTO strangler_shadow_cause AS c (capability, cause, count, first_at, last_at)
    VALUES (%s, %s, %s, clock_timestamp(), clock_timestamp())
    ON CONFLICT (capability, cause) DO UPDATE SET count = c.count + EXCLUDED.count, last_at = EXCLUDED.last_at
    RETURNING id
"""
_EXAMPLE = """
    INSERT INTO strangler_shadow_mismatch (cause_id, arguments, monolith, service, seen_at)
    SELECT %s, unnest(%s::text[]), unnest(%s::text[]), unnest(%s::text[]), clock_timestamp()
"""
_FORGET = """
    DELETE FROM strangler_shadow_mismatch WHERE cause_id = %s AND id NOT IN (
        SELECT id FROM strangler_shadow_mismatch WHERE cause_id = %s ORDER BY id DESC LIMIT %s)
"""


def record(findings: Sequence[Finding], *, dropped: int = 0) -> None:
    """Findings of one capability, in the order in which they were made."""
    using = router.db_for_write(ShadowCause)
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        _tally(cursor, findings, dropped)
        for cause in sorted({finding.cause for finding in findings if finding.cause}):
            _keep_examples(cursor, cause, [finding for finding in findings if finding.cause == cause])


def _tally(cursor: CursorWrapper, findings: Sequence[Finding], dropped: int) -> None:
    settled = [finding for finding in findings if not finding.unsettled]
    wrong = [number for number, finding in enumerate(settled, start=1) if finding.cause]
    figures = {
        "comparisons": len(settled),
        "mismatches": len(wrong),
        "unsettled": len(findings) - len(settled),
        "clean": len(settled) - max(wrong, default=0),
    }
    cursor.execute(_TALLY, {"capability": findings[0].capability, "dropped": dropped, **figures})


def _keep_examples(cursor: CursorWrapper, cause: str, findings: Sequence[Finding]) -> None:
    cursor.execute(_CAUSE, [findings[0].capability, cause, len(findings)])
    (id,) = cursor.fetchone() or (None,)
    latest = findings[-EXAMPLES_OF_A_CAUSE:]
    ours, theirs = ([json.dumps(getattr(finding, side)) for finding in latest] for side in ("monolith", "service"))
    cursor.execute(_EXAMPLE, [id, [finding.arguments for finding in latest], ours, theirs])
    cursor.execute(_FORGET, [id, id, EXAMPLES_OF_A_CAUSE])
