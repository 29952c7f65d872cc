"""What a service says of itself to the monolith, and to nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from strangler.cutover.service.client import ServiceClient
from strangler.cutover.service.comparisons import comparisons
from strangler.cutover.service.report import Compared, ServiceStatus
from strangler.cutover.service.status import service_status
from strangler.errors import ServiceUnavailable
from strangler.inbox.subscriptions import Subscriptions, subscriptions
from strangler.messaging import upcaster, upcasters
from tests.sample.events import StepTaken
from tests.support.gates import STEP, TOKEN, Service

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("strangler.cutover.service.urls")]


def test_it_tells_of_each_group_what_waits_what_is_tried_again_and_what_was_given_up(service: Service) -> None:
    service.let_wait(7)
    service.park("retrying", 3)
    service.park("dead", 2)
    service.park("discarded", 5)
    with ServiceClient("reporting") as client:
        told = ServiceStatus.model_validate(client.get("status"))
    assert told.groups["sample"].model_dump() == {"backlog": 7, "retrying": 3, "dead": 2}


def test_it_tells_what_it_has_compared_itself(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strangler.cutover.service.comparisons.comparisons_made", made := {})
    monkeypatch.setattr("strangler.cutover.service.status.comparisons_made", made)
    comparisons("reservations")(lambda: Compared(total=9, mismatches=1, clean_run=4))
    with ServiceClient("reporting") as client:
        told = ServiceStatus.model_validate(client.get("status"))
    assert {name: found.clean_run for name, found in told.comparisons.items()} == {"reservations": 4}


def test_a_service_of_before_comparisons_is_understood() -> None:
    assert ServiceStatus.model_validate({"groups": {}, "reads": []}).comparisons == {}


def test_it_tells_which_events_it_reads_and_how_they_have_to_look(service: Service) -> None:
    (reading,) = [each for each in service_status().reads if each.type == STEP]
    assert (reading.version, reading.oldest) == (1, 1)
    assert reading.json_schema["required"] == ["thing", "step"]
    assert service_status().model_dump(by_alias=True)["reads"][0].keys() == {"type", "version", "oldest", "schema"}


def test_it_reads_what_its_upcasters_lift(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upcasters, "_upcasters", {})
    monkeypatch.setattr(StepTaken, "version", 4)
    for version, oldest in [(1, 4), (3, 3), (2, 1)]:
        upcaster(STEP, from_version=version)(lambda data: data)
        (reading,) = [each for each in service_status().reads if each.type == STEP]
        assert reading.oldest == oldest


def test_one_query_for_all_groups(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Any,
) -> None:
    many = Subscriptions()
    for subscription in subscriptions:
        for number in range(5):
            many.add(replace(subscription, group=f"{subscription.group}-{number}"))
    monkeypatch.setattr("strangler.cutover.service.status.subscriptions", many)
    with django_assert_num_queries(1):
        assert len(service_status().groups) == len(many.groups()) >= 5


@pytest.mark.parametrize("token", ["", "Bearer another", f"Basic {TOKEN}"])
def test_without_its_token_nobody_is_told(service: Service, token: str) -> None:
    answer = Client().get("/status", headers={"authorization": token})
    assert answer.status_code == 403
    assert b"SERVICE_TOKEN" in answer.content


def test_it_is_only_for_looking(service: Service) -> None:
    answer = Client().post("/status", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 405


def test_a_broker_that_cannot_be_asked_is_named(service: Service) -> None:
    service.configure(BROKER_URL="pgmq://nobody@127.0.0.1:1/none")
    with ServiceClient("reporting") as client, pytest.raises(ServiceUnavailable, match=r"answers 503: .*error"):
        client.get("status")


def test_a_service_needs_nothing_of_the_monoliths_to_answer() -> None:
    """No table of the cutover app, which only the monolith installs."""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "extracted.notifications.settings", "DEBUG": "1"}
    code = "import django; django.setup(); import strangler.cutover.service.urls"
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
