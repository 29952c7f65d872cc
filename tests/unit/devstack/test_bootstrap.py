"""The bootstrap, with a package index of one home-made wheel: no network."""

import hashlib
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from devstack import bootstrap
from devstack.bootstrap import CannotBootstrap, Environment

METADATA = "Metadata-Version: 2.1\nName: sample\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    wheel = tmp_path / "wheels" / "sample-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        files = {"sample.py": "", "sample-1.0.dist-info/METADATA": METADATA, "sample-1.0.dist-info/WHEEL": WHEEL}
        files["sample-1.0.dist-info/RECORD"] = "".join(
            f"{name},,\n" for name in [*files, "sample-1.0.dist-info/RECORD"]
        )
        for name, content in files.items():
            archive.writestr(name, content)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    folder = tmp_path / "project"
    (folder / "requirements").mkdir(parents=True)
    for name in ("demo", "test", "peers"):
        pin(folder, name, hashlib.sha256(wheel.read_bytes()).hexdigest())
    return folder


def pin(folder: Path, name: str, digest: str) -> None:
    lock = folder / "requirements" / f"{name}.txt"
    lock.write_text(f"sample==1.0 \\\n    --hash=sha256:{digest}\n")


def can_import(environment: Environment, module: str) -> bool:
    return (
        subprocess.run([environment.python, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0
    )


def test_the_first_run_installs_and_the_second_does_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environment = Environment(project)
    assert environment.ensure("demo")
    assert can_import(environment, "sample")
    assert "Installing 1 packages" in capsys.readouterr().out
    assert not environment.ensure("demo")
    assert capsys.readouterr().out == ""


def test_the_test_set_covers_the_demo_set_but_not_the_other_way_round(project: Path) -> None:
    assert Environment(project).ensure("test")
    assert not Environment(project).ensure("demo")
    lock = project / "requirements" / "test.txt"
    lock.write_text(lock.read_text() + "# changed\n")
    assert Environment(project).ensure("test")


def test_the_peers_of_the_benchmarks_get_an_environment_of_their_own(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", project)
    bootstrap.main(["--with", "peers"])
    assert can_import(Environment(project, "peers"), "sample")
    assert not Environment(project).venv.exists()


def test_a_python_without_ensurepip_is_served_by_the_pip_outside(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block(project, monkeypatch, "ensurepip")
    environment = Environment(project)
    assert environment.ensure("demo")
    assert can_import(environment, "sample")
    assert not (environment.venv / "bin" / "pip").exists()


def test_a_python_without_any_pip_names_the_package_to_install(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block(project, monkeypatch, "ensurepip", "pip")
    with pytest.raises(CannotBootstrap, match="apt-get install python3-venv"):
        Environment(project).ensure("demo")


def test_an_environment_whose_python_is_gone_is_made_anew(project: Path) -> None:
    environment = Environment(project)
    environment.ensure("demo")
    environment.python.unlink()
    environment.python.symlink_to("/nowhere/python")
    assert environment.ensure("demo")
    assert can_import(environment, "sample")


def test_a_wheel_with_another_hash_is_refused_with_the_end_of_what_pip_said(project: Path) -> None:
    pin(project, "demo", "0" * 64)
    with pytest.raises(
        CannotBootstrap, match=r"(?s)pip could not install .*demo\.txt.*(HASH|hash).*same command again"
    ):
        Environment(project).ensure("demo")
    assert Environment(project).ensure("test")  # and a later run is not confused by the failed one


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_another_user_is_an_error_with_the_way_out(project: Path) -> None:
    (project / ".local").mkdir(mode=0o500)
    with pytest.raises(CannotBootstrap, match="sudo rm -rf"):
        Environment(project).ensure("demo")


def test_an_old_python_is_told_so_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "MINIMUM", (99, 0))
    with pytest.raises(SystemExit, match=r"Python 99\.0 or newer is needed; .* make demo PYTHON="):
        bootstrap.main([])


def test_the_lock_files_name_no_place_to_download_from() -> None:
    for lock in (bootstrap.ROOT / "requirements").glob("*.txt"):
        content = lock.read_text()
        assert "://" not in content
        assert "index" not in content
        assert content.count("==") <= content.count("--hash=sha256:")


def block(project: Path, monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Make modules impossible to import in every Python started from here, as on a machine that lacks them."""
    folder = project.parent / "blocked"
    folder.mkdir()
    for module in modules:
        (folder / f"{module}.py").write_text(f"raise ImportError('no {module} here')\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))
