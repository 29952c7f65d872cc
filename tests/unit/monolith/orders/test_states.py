"""Every move between two states of an order or a payment is legal by the table, or refused with what would be legal."""

from itertools import product

import pytest

from monolith.errors import IllegalTransition
from monolith.orders.models import Order
from monolith.payments.models import Payment

MACHINES = [Order(number="S-1"), Payment(order_number="S-1")]
PAIRS = [(thing, a, b) for thing in MACHINES for a, b in product(type(thing).Status.values, repeat=2)]


def ids(value):
    return value if isinstance(value, str) else type(value).__name__


@pytest.mark.parametrize(("thing", "before", "after"), PAIRS, ids=ids)
def test_a_move_is_legal_or_refused_with_the_legal_ones_named(thing, before, after):
    thing.status = before
    legal = thing.LEGAL_MOVES[before]
    if after in legal:
        thing.move_to(after)
        assert thing.status == after
        return
    with pytest.raises(
        IllegalTransition, match=f"{type(thing).__name__} S-1 is {before} and can't become {after}"
    ) as no:
        thing.move_to(after)
    assert thing.status == before
    assert all(move in str(no.value) for move in legal)
    assert ("that is final" in str(no.value)) == (not legal)


@pytest.mark.parametrize("thing", MACHINES, ids=ids)
def test_every_state_has_its_row_and_can_be_reached(thing):
    first, *others = type(thing).Status
    assert set(thing.LEGAL_MOVES) == {first, *others}
    assert {move for moves in thing.LEGAL_MOVES.values() for move in moves} - {first} == set(others)
