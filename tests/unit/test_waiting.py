"""Patience that begins anew with each step forward."""

from __future__ import annotations

from itertools import chain, repeat

import pytest

from strangler.testing.waiting import until_reached


def test_slow_work_is_waited_for_as_long_as_it_goes_on() -> None:
    seen = iter(range(6))
    until_reached(5, lambda: next(seen), "effects", seconds=0.05)


def test_work_that_stands_still_is_given_up_and_told_how_far_it_came() -> None:
    seen = chain([1, 3], repeat(3))
    with pytest.raises(AssertionError, match=r"3 of 5 effects, and no more came for 0\.05 s"):
        until_reached(5, lambda: next(seen), "effects", seconds=0.05)
