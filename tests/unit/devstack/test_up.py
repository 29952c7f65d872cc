"""`python -m devstack.up`: what it tells the terminals. That it starts and stops is shown by the guides."""

import json
import stat
from pathlib import Path

import psycopg
import pytest

from devstack import stack, up
from devstack.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedPostgres:
    with EmbeddedPostgres(tmp_path_factory.mktemp("up")) as server:
        yield server


def test_each_system_may_open_its_own_database_and_no_other(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    found = dict(up.environments(postgres, ["shop", "notifications"], tmp_path))
    assert list(found) == ["shop", "notifications", "broker"]
    own = found["shop"]["DATABASE_URL"]
    psycopg.connect(own).close()
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(f"{own.removesuffix('/shop')}/notifications")
    assert "BROKER_URL" not in found["shop"]
    assert found["broker"]["BROKER_URL"].startswith("pgmq://")


def test_the_shop_knows_how_to_ask_each_service_that_is_there(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    found = dict(up.environments(postgres, ["shop", "notifications", "inventory", "payments", "reporting"], tmp_path))
    for service in ("inventory", "payments", "reporting"):
        told = {name: found["shop"][f"{service.upper()}_{name}"] for name in ("URL", "TOKEN")}
        assert told == {
            "URL": f"http://{found[service]['ADDRESS']}/strangler/",
            "TOKEN": found[service]["SERVICE_TOKEN"],
        }
    assert found["inventory"]["SERVICE_TOKEN"] != found["reporting"]["SERVICE_TOKEN"] != ""
    assert "SERVICE_TOKEN" not in found["notifications"]
    assert "INVENTORY_URL" not in dict(up.environments(postgres, ["shop", "notifications"], tmp_path))["shop"]


def test_the_next_start_gives_the_same_answers(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    first = dict(up.environments(postgres, ["shop"], tmp_path))
    assert dict(up.environments(postgres, ["shop"], tmp_path)) == first
    assert list(json.loads((tmp_path / "ports.json").read_text())) == ["shop"]


def test_passwords_are_for_the_owners_eyes_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "FOLDER", tmp_path / ".local" / "up")
    up.show(up.FOLDER / "shop.env", {"DATABASE_URL": "postgresql://shop:a b@127.0.0.1/shop"})
    file = up.FOLDER / "shop.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == "export DATABASE_URL='postgresql://shop:a b@127.0.0.1/shop'\n"


@pytest.mark.parametrize("name", ["Shop", "my-shop", "broker", "cdc", "postgres", "../shop"])
def test_a_name_that_cannot_be_a_system_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        up.main([name])
    assert f"{name!r} cannot be a system: take lower-case letters" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["rabbitmq", "kafka", "tests"])
def test_a_file_of_the_stacks_own_cannot_be_a_system(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        stack.main([name])
    assert f"{name!r} cannot be a system" in capsys.readouterr().err
