"""The baton comes and goes, while changes are asked for."""

from uuid import uuid4

import pytest

from extracted.inventory.events import ChangeLine
from extracted.inventory.models import StockChange
from strangler.messaging import decode
from strangler.outbox.models import OutboxMessage
from tests.unit.extracted.inventory.books import answers, batons, levels, promised, published
from tests.unit.extracted.inventory.factories import (
    delivered,
    handed_over,
    message,
    promise,
    recalled,
    requested,
    reserved,
    told,
)

pytestmark = pytest.mark.django_db


def waiting():
    return list(StockChange.objects.filter(status="waiting").order_by("id").values_list("reference", flat=True))


def test_with_the_baton_come_the_levels_and_the_promises(handle):
    handle(told("MUG", {"NEAR": (99, 1), "FAR": (1, 0)}, promise("S-9", 1)))
    handle(handed_over("MUG", {"NEAR": (10, 2)}, promise("S-1", 2), epoch=1))
    assert batons() == {"MUG": ("service", 1)}
    assert levels() == {("MUG", "NEAR"): (10, 2), ("MUG", "FAR"): (0, 0)}
    assert promised() == {("S-1", "MUG", "NEAR"): 2}
    assert published() == []


def test_an_epoch_that_is_known_already_changes_nothing(handle):
    handle(handed_over("MUG", {"NEAR": (10, 0)}, epoch=3))
    handle(requested("reserve", "S-1", skus={"MUG": 2}, epoch=3))
    handle(handed_over("MUG", {"NEAR": (10, 0)}, epoch=3))
    handle(handed_over("MUG", {"NEAR": (9, 0)}, epoch=1), handed_over("MUG", {"NEAR": (8, 0)}, epoch=2))
    assert promised() == {("S-1", "MUG", "NEAR"): 2}
    assert batons() == {"MUG": ("service", 3)}


def test_when_it_is_recalled_all_of_it_goes_back_and_nothing_is_reserved_here_any_more(handle):
    handle(handed_over("MUG", {"NEAR": (10, 0), "FAR": (4, 1)}, promise("S-0", 1, "FAR")))
    handle(requested("reserve", "S-1", skus={"MUG": 2}), recalled("MUG", 1))
    assert batons() == {"MUG": ("monolith", 2)}
    [(_, given)] = published("stock_handed_over")
    assert (given["to"], given["epoch"]) == ("monolith", 2)
    assert {place["warehouse"]["code"]: (place["on_hand"], place["reserved"]) for place in given["places"]} == {
        "FAR": (4, 1),
        "NEAR": (10, 2),
    }
    assert {(each["reference"], each["warehouse"], each["quantity"]) for each in given["promises"]} == {
        ("S-0", "FAR", 1),
        ("S-1", "NEAR", 2),
    }
    handle(requested("reserve", "S-2", skus={"MUG": 1}))
    assert answers() == ["done", "redirected"]


def test_a_recall_that_comes_again_or_late_moves_nothing(handle):
    handle(handed_over("MUG", epoch=1), recalled("MUG", 1), recalled("MUG", 1))
    handle(handed_over("MUG", epoch=3), recalled("MUG", 1), recalled("CUP", 1))
    assert batons() == {"MUG": ("service", 3)}
    assert [data["epoch"] for _, data in published("stock_handed_over")] == [2]


def test_after_it_went_back_the_copy_follows_again(handle):
    handle(handed_over("MUG", epoch=1), recalled("MUG", 1), reserved("S-1", 3, (10, 3)))
    assert promised() == {("S-1", "MUG", "NEAR"): 3}


def test_what_it_told_itself_while_it_owned_is_ignored_when_it_comes_late(handle):
    handle(handed_over("MUG"), requested("reserve", "S-1", skus={"MUG": 2}), recalled("MUG", 1))
    own = OutboxMessage.objects.order_by("position").values_list("type", "payload")
    handle(*(delivered(payload) for name, payload in own if "change" not in name))
    assert (levels(), promised()) == ({("MUG", "NEAR"): (10, 2)}, {("S-1", "MUG", "NEAR"): 2})
    assert batons() == {"MUG": ("monolith", 2)}


def test_a_change_for_a_baton_on_its_way_waits_and_is_decided_when_it_arrives(handle):
    asked = message(requested("reserve", "S-1", skus={"MUG": 2}, epoch=1))
    handle(asked)
    assert (waiting(), answers(), promised()) == (["S-1"], [], {})
    handle(handed_over("MUG", epoch=1))
    assert (waiting(), answers(), promised()) == ([], ["done"], {("S-1", "MUG", "NEAR"): 2})
    told = [decode(text) for text in OutboxMessage.objects.values_list("payload", flat=True)]
    assert {each.correlationid for each in told} == {asked.envelope.correlationid}


def test_a_change_that_waits_is_asked_again_without_being_done_twice(handle):
    same = requested("reserve", "S-1", skus={"MUG": 2}, change=uuid4())
    handle(message(same))
    handle(message(same), message(same))
    assert answers() == []
    handle(handed_over("MUG"), message(same))
    assert answers() == ["done", "done"]
    assert len(published("stock_reserved")) == 1


def test_it_waits_for_all_batons_that_are_on_their_way(handle):
    handle(requested("reserve", "S-1", skus={"MUG": 2, "CUP": 1}), handed_over("MUG"))
    assert waiting() == ["S-1"]
    handle(handed_over("CUP"))
    assert answers() == ["done"]


def test_it_does_not_wait_where_one_sku_is_the_monoliths(handle):
    home = ChangeLine(sku="CUP", quantity=1, epoch=0)
    handle(requested("reserve", "S-1", skus={"MUG": 2}), requested("reserve", "S-2", home, skus={"MUG": 1}))
    assert (waiting(), answers()) == (["S-1"], ["redirected"])


def test_one_baton_went_back_before_the_other_came(handle):
    handle(requested("reserve", "S-1", skus={"MUG": 2, "CUP": 1}))
    handle(handed_over("MUG"), recalled("MUG"))
    assert waiting() == ["S-1"]
    handle(handed_over("CUP"))
    assert (waiting(), answers(), promised()) == ([], ["redirected"], {})


def test_later_changes_of_the_same_reference_wait_behind_it_in_order(handle):
    """Also those that could be decided at once: a release before its reservation would release nothing."""
    handle(handed_over("CUP"))
    handle(requested("reserve", "S-1", skus={"MUG": 2, "CUP": 1}), requested("release", "S-1", skus={"CUP": 0}))
    handle(requested("reserve", "S-1", skus={"CUP": 3}), requested("reserve", "S-2", skus={"CUP": 1}))
    assert waiting() == ["S-1"] * 3
    assert answers() == ["done"]
    handle(handed_over("MUG"))
    assert answers() == ["done"] * 4
    assert promised() == {("S-1", "MUG", "NEAR"): 2, ("S-1", "CUP", "NEAR"): 3, ("S-2", "CUP", "NEAR"): 1}


def test_a_redirected_change_stays_redirected(handle):
    """It may have been done over there: whoever wants it done here after all asks under a new UUID."""
    same = requested("reserve", "S-1", skus={"MUG": 2}, epoch=0, change=uuid4())
    handle(message(same), handed_over("MUG"), message(same))
    assert answers() == ["redirected", "redirected"]
    assert promised() == {}


def test_many_skus_move_in_a_few_statements(handle, django_assert_max_num_queries):
    with django_assert_max_num_queries(60):
        handle(*(handed_over(f"SKU-{n}", {"NEAR": (5, 1)}, promise("S-1", 1)) for n in range(40)))
    with django_assert_max_num_queries(40):
        handle(*(recalled(f"SKU-{n}") for n in range(40)))
    assert {owner for owner, _ in batons().values()} == {"monolith"}
