"""The variables that put servers which run already in the place of the tests' own."""

from __future__ import annotations

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.stack import elsewhere
from tests.stack.elsewhere import PostgresElsewhere


@pytest.fixture(autouse=True)
def _none_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*elsewhere.VARIABLES, elsewhere.CDC_PASSWORD):
        monkeypatch.delenv(name, raising=False)


def test_the_superuser_has_the_urls_password_and_roles_of_tests_have_one_that_connect_knows() -> None:
    server = PostgresElsewhere("postgresql://root:a%2Fb@db:6543/postgres", "c@d")
    superuser, role = conninfo_to_dict(server.url("shop")), conninfo_to_dict(server.url("shop", "capture"))
    assert (superuser["user"], superuser["password"]) == ("root", "a/b")
    assert (role["user"], role["password"]) == ("capture", "c@d")
    assert superuser["host"] == role["host"] == "db"
    assert superuser["port"] == role["port"] == "6543"
    assert superuser["dbname"] == role["dbname"] == "shop"


def test_connect_alone_is_refused_by_naming_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert elsewhere.connect() is None
    monkeypatch.setenv(elsewhere.CONNECT, "http://connect:8083")
    monkeypatch.setenv(elsewhere.KAFKA, "kafka://kafka:9092")
    with pytest.raises(pytest.fail.Exception, match="POSTGRES_URL and STRANGLER_TEST_CDC_PASSWORD must be, too"):
        elsewhere.connect()


def test_several_processes_at_one_server_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere.refuse_several_processes(2)
    monkeypatch.setenv(elsewhere.RABBITMQ, "amqp://rabbitmq")
    elsewhere.refuse_several_processes(None)
    with pytest.raises(pytest.UsageError, match=r"STRANGLER_TEST_RABBITMQ_URL: .*leave out -n"):
        elsewhere.refuse_several_processes(2)
