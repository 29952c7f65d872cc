"""What a person sees of a saga, and may do with it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from strangler.saga.models import HistoryEntry, SagaInstance
from tests.unit.saga.conftest import Trips
from tests.unit.saga.test_command import stuck

LIST = "/admin/strangler_saga/sagainstance/"


def act(client: Client, action: str, *instances: SagaInstance) -> str:
    chosen = {"action": action, "_selected_action": [instance.pk for instance in instances]}
    return client.post(LIST, chosen, follow=True).content.decode()


def test_the_list_shows_who_is_stuck_and_why_and_the_page_its_history(saga: Trips, admin_client: Client) -> None:
    stuck(saga, "a")
    saga.start("b")
    page = admin_client.get(f"{LIST}?status__exact=stuck").content.decode()
    assert "StepFailed: a cannot run hotel" in page
    assert "1 saga" in page
    history = admin_client.get(f"{LIST}{saga.of('a').pk}/change/").content.decode()
    for what in ("started", "asked", "failed", "stuck"):
        assert what in history
    assert admin_client.get(f"{LIST}?q=b").content.decode().count("/change/") >= 1


def test_a_person_resumes_a_stuck_saga_and_is_told_what_is_not(saga: Trips, admin_client: Client) -> None:
    stuck(saga, "a")
    saga.start("b")
    page = act(admin_client, "resume", saga.of("a"), saga.of("b"))
    assert "1 saga to go on" in page
    assert "b is waiting, not stuck" in page
    saga.pass_time("a")
    assert saga.status("a") == "waiting"
    assert HistoryEntry.objects.get(what="resumed").by == "admin"


def test_a_person_has_a_saga_compensated(saga: Trips, admin_client: Client) -> None:
    stuck(saga, "a")
    assert "1 saga to be undone" in act(admin_client, "compensate", saga.of("a"))
    saga.pass_time("a")
    assert saga.effects("a")[-3:] == ["undo hotel", "undo note", "call off"]
    assert HistoryEntry.objects.get(what="called off").by == "admin"


@pytest.mark.parametrize(("action", "effect"), [("resume", "running"), ("compensate", "compensating")])
def test_each_action_has_a_permission_of_its_own(saga: Trips, client: Client, action: str, effect: str) -> None:
    stuck(saga, "a")
    person = User.objects.create_user("Eve", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_sagainstance"))
    client.force_login(person)
    assert "history" in client.get(f"{LIST}{saga.of('a').pk}/change/").content.decode().lower()
    act(client, action, saga.of("a"))
    assert saga.status("a") == "stuck"
    person.user_permissions.add(Permission.objects.get(codename=f"{action}_sagainstance"))
    act(client, action, saga.of("a"))
    assert saga.status("a") == effect


def test_nothing_can_be_added_changed_or_deleted(saga: Trips, admin_client: Client) -> None:
    instance = saga.start("a")
    admin_client.post(f"{LIST}{instance.pk}/change/", {"status": "completed"})
    assert saga.status("a") == "waiting"
    for path in (f"{LIST}add/", f"{LIST}{instance.pk}/delete/"):
        assert admin_client.get(path).status_code == 403
    assert "delete_selected" not in admin_client.get(LIST).content.decode()
