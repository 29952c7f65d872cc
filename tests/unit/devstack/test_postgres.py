"""The embedded PostgreSQL, real."""

import stat
from pathlib import Path

import psutil
import psycopg
import pytest

from devstack import runfile
from devstack.postgres import EmbeddedPostgres
from devstack.processes import ProcessFailed
from tests.unit.devstack.conftest import Owner, wait_until_gone

START = "from devstack.postgres import EmbeddedPostgres\nprint(EmbeddedPostgres(Path({root!r})).start().pid)"


def test_a_role_reaches_its_own_database_over_tcp(postgres: EmbeddedPostgres) -> None:
    postgres.ensure_role("shop")
    postgres.ensure_database("shop", "shop")
    with psycopg.connect(postgres.url("shop", "shop")) as connection:
        assert connection.execute("SELECT current_user, current_database()").fetchone() == ("shop", "shop")


def test_another_role_is_kept_out_of_the_database(postgres: EmbeddedPostgres) -> None:
    for name in ("mine", "theirs"):
        postgres.ensure_role(name)
        postgres.ensure_database(name, name)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(postgres.url("theirs", "mine"))


def test_a_wrong_password_is_refused(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://postgres:guess@127.0.0.1:{postgres.port}/postgres")


def test_a_logical_slot_takes_a_role_with_replication(postgres: EmbeddedPostgres) -> None:
    postgres.ensure_role("capture", replication=True)
    postgres.ensure_database("captured", "capture")
    with postgres.connect("captured", "capture") as connection:
        connection.execute("SELECT pg_create_logical_replication_slot('slot', 'pgoutput')")
        connection.execute("SELECT pg_drop_replication_slot('slot')")
    postgres.ensure_role("ordinary")
    postgres.ensure_database("uncaptured", "ordinary")
    with postgres.connect("uncaptured", "ordinary") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT pg_create_logical_replication_slot('slot', 'pgoutput')")


def test_ensuring_twice_changes_a_password_and_nothing_else(postgres: EmbeddedPostgres) -> None:
    postgres.ensure_role("again", "first")
    postgres.ensure_database("again", "again")
    postgres.ensure_role("again", "it's the second/one")
    postgres.ensure_database("again", "again")
    with postgres.connect("again", "again") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_an_unknown_role_has_no_url_and_the_way_out_is_named(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(ProcessFailed, match=r"ensure_role\('stranger'\)"):
        postgres.url("postgres", "stranger")


def test_who_did_not_start_it_may_come_in_as_well(postgres: EmbeddedPostgres) -> None:
    with EmbeddedPostgres(postgres.root).attach().connect() as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("postgres",)


def test_where_none_runs_nobody_comes_in_and_the_way_out_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match=r"no PostgreSQL runs in .*: start it first"):
        EmbeddedPostgres(tmp_path).attach()


def test_passwords_and_data_are_private(postgres: EmbeddedPostgres) -> None:
    assert stat.S_IMODE((postgres.root / "passwords.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(postgres.data.stat().st_mode) == 0o700
    assert not list(postgres.root.glob("initdb*"))


def test_it_listens_on_the_loopback_interface_only(postgres: EmbeddedPostgres) -> None:
    listening = [c for c in psutil.Process(postgres.pid).net_connections("all") if c.status == psutil.CONN_LISTEN]
    assert [c.laddr.ip for c in listening] == ["127.0.0.1"]


def test_data_and_port_survive_a_restart_and_a_kill(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path) as server:
        url = server.url()
        with server.connect() as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        server.restart()
        killed = psutil.Process(server.pid)
        backends = killed.children(recursive=True)
        server.kill()
        wait_until_gone([killed, *backends])
        server.start()
        assert server.url() == url
        with server.connect() as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_pid_file_that_names_a_living_stranger_does_not_prevent_the_start(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path).start()
    server.kill()
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join(["1", *lines[1:]]) + "\n")
    server.start()
    assert server.running
    server.stop()


def test_nothing_is_left_when_the_owner_is_killed_and_the_data_is_whole(tmp_path: Path) -> None:
    owner = Owner(START.format(root=str(tmp_path)))
    process = owner.started()
    everything = [process, *process.children(recursive=True)]
    assert len(everything) > 3
    owner.kill_9()
    wait_until_gone(everything)
    assert "database system is shut down" in (tmp_path / "log" / "postgres.log").read_text()
    with EmbeddedPostgres(tmp_path) as server:
        assert server.running


def test_a_server_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    program = START.format(root=str(tmp_path)).replace("print(", "import threading\nstart = lambda: print(")
    owner = Owner(f"{program}\nthread = threading.Thread(target=start)\nthread.start()\nthread.join()")
    process = owner.started()
    assert not runfile.wait_until_gone(process, timeout=0.5)
    owner.kill_9()
    wait_until_gone([process])


def test_a_second_owner_of_one_folder_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    owner = Owner(START.format(root=str(tmp_path)))
    process = owner.started()
    with pytest.raises(ProcessFailed, match=f"pid {process.pid}.*started by process {owner.popen.pid}"):
        EmbeddedPostgres(tmp_path).start()
    assert process.is_running()
    owner.kill_9()
    wait_until_gone([process])


def test_a_taken_port_that_was_asked_for_is_an_error_with_the_log(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match="Address already in use"):
        EmbeddedPostgres(tmp_path, port=postgres.port).start()


def test_a_taken_remembered_port_is_replaced(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    (tmp_path / "port").write_text(str(postgres.port))
    with EmbeddedPostgres(tmp_path) as server:
        assert server.port != postgres.port
