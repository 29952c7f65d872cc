from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from rest_framework.settings import api_settings

from monolith.settings.env import Rate
from monolith.throttling.models import Meter
from monolith.throttling.services import take
from tests.support.at_once import at_once
from tests.unit.monolith.api.views import SMALL_API

pytestmark = SMALL_API


@pytest.fixture
def rates(settings):
    def set_rates(**rates):
        settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, **rates}

    return set_rates


def test_a_client_over_its_rate_is_told_how_long_to_wait(rates, client_of, person):
    rates(user=Rate(2, 600))
    client = client_of(person)
    answers = [client.get("/api/entries/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "throttled"
    assert 250 <= int(answers[2]["Retry-After"]) <= 300


def test_each_user_and_each_address_has_its_own_rate(rates, client_of, person, clerk):
    rates(user=Rate(1, 3600), anon=Rate(1, 3600))
    for client in (client_of(person), client_of(clerk), client_of(None)):
        assert [client.get("/api/open/").status_code for _ in range(2)] == [204, 429]
    assert client_of(None).get("/api/open/", REMOTE_ADDR="10.0.0.1").status_code == 204


def test_a_forged_forwarding_header_opens_no_second_account(rates, client_of):
    assert api_settings.NUM_PROXIES == 0
    rates(anon=Rate(1, 3600))
    answers = [client_of(None).get("/api/open/", headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(2)]
    assert [answer.status_code for answer in answers] == [204, 429]


def test_a_scope_has_a_rate_of_its_own_on_top(rates, client_of, person):
    rates(checkout=Rate(1, 3600))
    client = client_of(person)
    assert [client.post("/api/pay/", {"name": "x"}).status_code for _ in range(2)] == [201, 429]
    assert client.get("/api/entries/").status_code == 200


def test_the_health_check_is_never_throttled(rates, client_of):
    rates(anon=Rate(1, 3600))
    assert {client_of(None).get("/api/health/").status_code for _ in range(3)} == {200}


def test_a_rate_comes_back_evenly():
    rate = Rate(5, 1000)
    assert [take("k", rate) == 0 for _ in range(6)] == [True] * 5 + [False]
    assert 0 < take("k", rate) <= 200
    Meter.objects.update(busy_until=Meter.objects.get().busy_until - timedelta(seconds=200))
    assert [take("k", rate) == 0 for _ in range(2)] == [True, False]


@pytest.mark.django_db(transaction=True)
def test_processes_and_threads_count_together():
    allowed, _ = at_once([lambda: sum(take("k", Rate(50, 86400)) == 0 for _ in range(20))] * 6)
    assert sum(allowed) == 50


def test_counting_writes_no_log():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'throttling_meter'")
        assert cursor.fetchone() == ("u",)


def test_quiet_clients_are_forgotten(capsys):
    take("quiet", Rate(1_000_000, 1))
    take("busy", Rate(1, 3600))
    call_command("prune_throttles")
    assert "deleted 1 meters" in capsys.readouterr().out
    assert Meter.objects.get().key == "busy"
