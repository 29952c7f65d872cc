"""Which Java is taken, and where the jars come from when something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from devstack import jars, java_runtime
from devstack.processes import ProcessFailed


def _fake_java(home: Path, version: str) -> Path:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2026-01-01' >&2\n")
    program.chmod(0o755)
    return program


def test_java_home_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = _fake_java(tmp_path, "17.0.15")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert java_runtime.find(17) == program


def test_a_java_that_is_too_old_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = _fake_java(tmp_path, "1.8.0_402")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert java_runtime.find(8) == program
    assert java_runtime.find(17) != program
    with pytest.raises(ProcessFailed, match="Java 99 or newer was not found: apt-get install"):
        java_runtime.require(99)


def test_a_java_home_without_java_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ProcessFailed, match="JAVA_HOME is"):
        java_runtime.find(17)


def test_without_maven_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(jars, "FOLDER", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProcessFailed, match="apt-get install maven"):
        jars.ensure("kafka")
    assert jars.present("kafka") is None


def test_what_maven_says_is_shown_when_it_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\necho 'no route to the repository'\nexit 1\n")
    maven.chmod(0o755)
    monkeypatch.setattr(jars, "FOLDER", tmp_path / "java")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(ProcessFailed, match=r"(?s)no route to the repository.*settings\.xml"):
        jars.ensure("kafka")
    assert jars.present("kafka") is None


def test_jars_of_another_pom_do_not_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(jars, "FOLDER", tmp_path)
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka" / "fetched").write_text(jars._fingerprint())
    assert jars.present("kafka") == tmp_path / "kafka"
    (tmp_path / "kafka" / "fetched").write_text("another")
    assert jars.present("kafka") is None
