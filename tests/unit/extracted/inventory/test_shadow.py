"""The monolith's choice beside the service's own, on the stock of that moment."""

from datetime import timedelta

import pytest
from django.urls import reverse

from extracted.inventory.models import ShadowOutcome
from strangler.cutover.service.status import service_status
from tests.unit.extracted.inventory.factories import AT, handed_over, message, promise, released, reserved, told

pytestmark = pytest.mark.django_db


def outcomes():
    return list(ShadowOutcome.objects.order_by("id").values_list("reference", "theirs", "ours", "cause"))


def counted():
    found = service_status().comparisons["reservations"]
    return found.total, found.mismatches, found.clean_run


def test_both_choose_alike_as_long_as_the_copy_is_what_the_monolith_saw(handle):
    handle(
        told("MUG", {"NEAR": (3, 0), "FAR": (9, 0)}),
        reserved("S-1", 2, (3, 2)),
        reserved("S-2", 2, (9, 2), place="FAR"),
        reserved("S-3", 1, (3, 3)),
    )
    assert outcomes() == [("S-1", "NEAR", "NEAR", ""), ("S-2", "FAR", "FAR", ""), ("S-3", "NEAR", "NEAR", "")]
    assert counted() == (3, 0, 3)


def test_what_is_let_go_in_the_same_transaction_is_told_first(handle):
    handle(
        told("MUG", {"NEAR": (3, 3), "FAR": (9, 0)}, promise("cart:1", 3, expires_at=AT)),
        released("cart:1", 3, (3, 0), expired=True),
        reserved("S-1", 3, (3, 3)),
    )
    assert outcomes() == [("S-1", "NEAR", "NEAR", "")]


def test_lines_of_one_order_are_compared_each_on_its_own(handle):
    handle(told("MUG", {"NEAR": (3, 0)}), told("CUP", {"NEAR": (0, 0), "FAR": (2, 0)}))
    handle(reserved("S-1", 2, (3, 2)), reserved("S-1", 2, (2, 2), sku="CUP", place="FAR"))
    assert counted() == (2, 0, 2)


def test_a_difference_is_kept_with_both_answers_and_starts_the_count_anew(handle):
    handle(told("MUG", {"NEAR": (3, 0), "FAR": (9, 0)}), reserved("S-1", 1, (3, 1)))
    handle(reserved("S-2", 1, (9, 1), place="FAR"), reserved("S-3", 7, (9, 8), place="FAR"))
    handle(reserved("S-4", 9, (12, 10)))
    assert outcomes()[1:] == [
        ("S-2", "FAR", "NEAR", "another"),
        ("S-3", "FAR", "FAR", ""),
        ("S-4", "NEAR", "", "short"),
    ]
    assert counted() == (4, 2, 0)
    handle(reserved("S-5", 1, (12, 11)))
    assert counted() == (5, 2, 1)


def test_holds_and_stock_that_is_owned_here_are_not_compared(handle):
    handle(told("MUG", {"NEAR": (3, 0)}), reserved("cart:1", 1, (3, 1), expires_at=AT + timedelta(days=999)))
    handle(handed_over("CUP", {"NEAR": (3, 0)}), reserved("S-1", 1, (3, 1), sku="CUP"))
    assert counted() == (0, 0, 0)


@pytest.mark.parametrize("stage", ["emitting", "shadow", "canary:10"])
def test_nothing_is_compared_before_the_stage_shadow_where_the_copy_may_lack_something(handle, stage):
    handle(message(reserved("S-1", 2, (3, 2)), stage=stage))
    assert counted() == ((0, 0, 0) if stage == "emitting" else (1, 1, 0))


def test_the_admin_shows_mismatches_by_cause_and_all_on_request(handle, client, staff):
    handle(told("MUG", {"NEAR": (3, 0), "FAR": (9, 0)}), reserved("S-1", 1, (3, 1)), reserved("S-2", 9, (12, 10)))
    client.force_login(staff)
    page = reverse("admin:inventory_shadowoutcome_changelist")

    def shown(**query: str) -> list[str]:
        return [row.reference for row in client.get(page, query).context["cl"].result_list]

    assert (shown(), shown(outcome="short"), shown(outcome="another")) == (["S-2"], [], ["S-2"])
    assert shown(outcome="all") == ["S-2", "S-1"]
