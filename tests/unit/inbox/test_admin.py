"""What a person can do with a message that could not be handled."""

from __future__ import annotations

import json

from django.test import Client

from strangler.inbox.models import DeadLetter, ParkedMessage
from tests.unit.inbox.conftest import Group, step

DEAD = "/admin/strangler_inbox/deadletter/"
PARKED = "/admin/strangler_inbox/parkedmessage/"


def test_the_list_shows_what_is_dead_with_its_error_and_not_what_waits_behind(
    group: Group, admin_client: Client
) -> None:
    a_dead_letter(group)
    page = admin_client.get(DEAD).content.decode()
    assert "HandlerFailed: bad cannot take step 1" in page
    assert "1 dead letter" in page
    assert admin_client.get(PARKED).content.decode().count("sample.thing:bad") >= 2


def test_redriving_hands_a_letter_back_to_the_consumers(group: Group, admin_client: Client) -> None:
    letter = a_dead_letter(group)
    answer = admin_client.post(DEAD, {"action": "redrive", "_selected_action": [letter.pk]}, follow=True)
    assert "1 dead letter to be handled again" in answer.content.decode()
    assert group.statuses() == ["retrying", "retrying"]


def test_discarding_lets_later_messages_of_the_key_go_on(group: Group, admin_client: Client) -> None:
    letter = a_dead_letter(group)
    admin_client.post(DEAD, {"action": "discard", "_selected_action": [letter.pk]})
    group.work_off()
    assert group.steps_of("bad") == [2]
    assert group.statuses() == ["discarded"]


def test_a_correction_is_taken_when_it_is_still_the_same_message(group: Group, admin_client: Client) -> None:
    letter = a_dead_letter(group)
    mended = json.loads(letter.payload)
    mended["data"]["mood"] = "ok"
    assert admin_client.post(f"{DEAD}{letter.pk}/change/", {"correction": json.dumps(mended)}).status_code == 302
    admin_client.post(DEAD, {"action": "redrive", "_selected_action": [letter.pk]})
    group.work_off()
    assert group.steps_of("bad") == [1, 2]


def test_a_correction_of_another_id_or_key_or_of_no_envelope_is_refused(group: Group, admin_client: Client) -> None:
    letter = a_dead_letter(group)
    other = {**json.loads(letter.payload), "partitionkey": "sample.thing:other"}
    for wrong, said in [(json.dumps(other), "partitionkey"), ("{}", "not a CloudEvents 1.0 envelope")]:
        page = admin_client.post(f"{DEAD}{letter.pk}/change/", {"correction": wrong}).content.decode()
        assert said in page
    assert DeadLetter.objects.get().correction == ""


def test_nothing_else_can_be_changed_added_or_deleted(group: Group, admin_client: Client) -> None:
    letter = a_dead_letter(group)
    admin_client.post(f"{DEAD}{letter.pk}/change/", {"correction": "", "key": "other", "status": "retrying"})
    assert ParkedMessage.objects.get(pk=letter.pk).key == "sample.thing:bad"
    assert DeadLetter.objects.count() == 1
    for path in (f"{DEAD}add/", f"{DEAD}{letter.pk}/delete/", f"{PARKED}add/"):
        assert admin_client.get(path).status_code == 403


def a_dead_letter(group: Group) -> DeadLetter:
    group.handle(step("bad", 1, mood="fail"), step("bad", 2))
    group.work_off()
    return DeadLetter.objects.get()
