"""Before a step forward: is all stock where the stage of now wants it, and is every change answered?"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from monolith.inventory.factories import StockItemFactory
from monolith.inventory.gates import looked_after, settled
from monolith.inventory.models import Change
from monolith.inventory.ownership import hand_over
from monolith.inventory.services import request
from strangler.conf import Stage
from strangler.cutover.gates.gate import own_gates
from strangler.saga.presence import be_counted
from tests.support.waiting import until

pytestmark = pytest.mark.django_db

SKUS = [f"SKU-{number}" for number in range(3)]


@pytest.fixture
def goods():
    for sku in SKUS:
        StockItemFactory(sku=sku)


def test_skus_that_have_not_moved_yet_are_counted_in_either_direction(goods, stage):
    assert settled().passed
    stage("extracted")
    assert settled().figure.startswith("3 SKUs are not where the stage wants them")
    hand_over(SKUS[:2])
    assert settled().figure.startswith("1 SKUs")
    hand_over(SKUS)
    assert settled().passed
    stage("shadow")
    assert settled().figure.startswith("3 SKUs")


def test_a_change_may_be_under_way_but_not_for_a_minute(goods, stage):
    stage("extracted")
    hand_over(SKUS)
    request("reserve", "S-1", {SKUS[0]: 1})
    assert settled().passed
    Change.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    assert settled().fails
    assert "1 changes of stock without an answer" in settled().figure


def test_it_stands_before_each_stage_that_builds_on_who_owns_what():
    own = {each.ask.name: each.before for each in own_gates if each.context == "inventory"}
    assert own == {
        "saga worker": (Stage.CANARY, Stage.EXTRACTED),
        "settled": (Stage.CANARY, Stage.EXTRACTED, Stage.RETIRED),
        "nothing left": (Stage.RETIRED,),
        "known stock": (Stage.RETIRED,),
    }


def test_no_order_is_left_to_wait_where_nobody_would_look_after_it(transactional_db):
    assert (looked_after().passed, looked_after().figure) == (False, "0 run")
    assert "start `manage.py saga work`" in looked_after().remedy
    with ThreadPoolExecutor(1) as other:
        other.submit(be_counted, "default").result()
        assert looked_after().passed
        other.submit(connections.close_all).result()
    until(lambda: looked_after().fails, "who has ended to be gone")
