from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from monolith.idempotency.errors import KeyReused
from monolith.idempotency.models import IdempotencyKey
from monolith.idempotency.services import Answer, once
from tests.support.at_once import at_once
from tests.support.waiting import until
from tests.unit.monolith.api.views import SMALL_API

pytestmark = SMALL_API


@pytest.fixture
def pay(client_of, person):
    client = client_of(person)
    return lambda name="ada", key="k1": client.post("/api/pay/", {"name": name}, headers={"Idempotency-Key": key})


def test_a_retried_request_is_done_once_and_answered_again(pay):
    first, again = pay(), pay()
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Group.objects.count() == 1


def test_without_a_key_every_request_is_done(client_of, person):
    for _ in range(2):
        assert client_of(person).post("/api/pay/", {"name": "ada"}).status_code == 201
    assert Group.objects.count() == 2
    assert not IdempotencyKey.objects.exists()


def test_a_key_with_another_body_is_refused(pay):
    pay()
    answer = pay("bob")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Group.objects.count() == 1


def test_a_key_belongs_to_its_user_and_scope(pay, client_of, as_clerk):
    pay()
    bob = client_of(User.objects.create(username="bob"))
    answer = bob.post("/api/pay/", {"name": "ada"}, headers={"Idempotency-Key": "k1"})
    assert "Idempotent-Replayed" not in answer
    group = Group.objects.first()
    rename = f"/api/groups/{group.pk}/rename/"
    names = [as_clerk.post(rename, headers={"Idempotency-Key": "k1"}).json()["name"] for _ in range(2)]
    assert names == [f"{group.name}!"] * 2
    other = Group.objects.last()
    refused = as_clerk.post(f"/api/groups/{other.pk}/rename/", headers={"Idempotency-Key": "k1"})
    assert refused.status_code == 422


@pytest.mark.parametrize(("name", "status"), [("declined", 402), ("refused", 409), ("", 400)])
def test_what_was_refused_is_done_afresh(pay, name, status):
    for _ in range(2):
        answer = pay(name)
        assert (answer.status_code, "Idempotent-Replayed" in answer) == (status, False)
    assert not IdempotencyKey.objects.exists()
    assert not Group.objects.exists()
    assert pay("ada").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "a\x7fb", "a\tb"])
def test_a_malformed_key_is_refused(pay, key):
    answer = pay(key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_malformed")


def test_the_longest_key_fits(pay):
    assert pay(key="~" * 255).status_code == 201


def test_a_visitor_is_asked_to_log_in(client_of):
    answer = client_of(None).post("/api/pay/", {"name": "x"}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 401


@pytest.mark.django_db(transaction=True)
def test_retries_at_the_same_moment_are_done_once(pay):
    answers, _ = at_once([pay] * 6)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer for answer in answers) == 5
    assert Group.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first_fails", [False, True])
def test_a_retry_waits_for_the_first_and_does_the_work_only_if_that_failed(person, first_fails):
    at_work, go_on, pids = Event(), Event(), []

    def slow_work():
        at_work.set()
        go_on.wait(timeout=30)
        if first_fails:
            raise ZeroDivisionError
        return Answer("first")

    def run(work):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pids.append(cursor.fetchone()[0])
            return once(work, user=person, key="k", scope="s", request="r")
        except ZeroDivisionError:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(run, slow_work)
        assert at_work.wait(timeout=30)
        retry = pool.submit(run, lambda: Answer("second"))
        until(lambda: len(pids) == 2 and is_blocked(pids[1]), "the retry to wait for the first")
        assert not retry.done()
        go_on.set()
        assert first.result(timeout=30) == (None if first_fails else Answer("first"))
        assert retry.result(timeout=30) == (Answer("second") if first_fails else Answer("first", replayed=True))


def is_blocked(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [pid])
        return cursor.fetchone()[0]


def test_a_page_of_the_storefront_can_use_it_too(person):
    def buy():
        return once(
            lambda: Answer({"group": Group.objects.create(name="g").pk}),
            user=person,
            key="form 1",
            scope="checkout",
            request={"card": "tok_visa"},
        )

    first, again = buy(), buy()
    assert (first.body, again.body) == ({"group": Group.objects.get().pk},) * 2
    assert (first.replayed, again.replayed) == (False, True)
    with pytest.raises(KeyReused, match="form 1"):
        once(buy, user=person, key="form 1", scope="checkout", request={"card": "tok_other"})


def test_old_keys_are_pruned(pay, capsys):
    pay()
    pay(key="k2")
    IdempotencyKey.objects.filter(key="k1").update(created_at=timezone.now() - timedelta(hours=49))
    call_command("prune_idempotency_keys")
    assert "deleted 1 idempotency keys older than 48 hours" in capsys.readouterr().out
    assert IdempotencyKey.objects.get().key == "k2"
    call_command("prune_idempotency_keys", "--older-than-hours", "0")
    assert not IdempotencyKey.objects.exists()
