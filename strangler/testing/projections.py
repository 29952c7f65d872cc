"""Projections in tests that are one transaction, which is rolled back: what it appended nobody else will ever see."""

from __future__ import annotations

from strangler.eventstore.databases import database
from strangler.eventstore.projector import Projector
from strangler.eventstore.registry import projections

_ALL = 2**63 - 1


def project_now(*names: str) -> int:
    """Give projections (by default all) what the test has appended; returns how many events there were.

    `manage.py project` takes nothing of a transaction that is open, and in a TestCase, or with pytest's `db`, the
    test's own is. Only where nobody else appends at the same time: this does not wait for them. Raises
    `ProjectionFailed`.
    """
    count = 0
    for projection in projections.named(*names):
        projector = Projector(projection, using=database(), before=_ALL)
        projector.checkpoint()  # made where there is none
        while done := projector.step():
            count += done
    return count
