"""`manage.py contracts check`: what it is held against, what it prints, how it ends."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from strangler.contracts import checking, exporting
from strangler.contracts.language import Language
from tests.unit.contracts.planted import TEXT, event, need

WHOLE, CUT = event(total=TEXT, notes_=TEXT), event()
MAILING = need(number=TEXT, total=TEXT)


class Project:
    """A git repository with contracts in it, whose code says what a test has it say."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        self.folder = folder
        self._patch = monkeypatch
        self._settings = settings
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *arguments: str) -> None:
        who = ("-c", "user.name=Grace", "-c", "user.email=grace@example.com")
        subprocess.run(["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True)

    def says(self, *events: Any, needs: tuple[Any, ...] = (), source: str = "shop") -> None:
        self._settings.STRANGLER = {**self._settings.STRANGLER, "SOURCE": source}
        for module in (checking, exporting):
            self._patch.setattr(module, "language_here", lambda: Language(events, needs))

    def export(self) -> None:
        call_command("contracts", "export", stdout=io.StringIO())

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "contracts")

    def check(self, *arguments: str) -> tuple[int, str]:
        out = io.StringIO()
        try:
            call_command("contracts", "check", *arguments, stdout=out)
        except CommandError as error:
            return error.returncode, f"{out.getvalue()}{error}"
        return 0, out.getvalue()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Project:
    """What is published and committed is needed by a consumer of its own."""
    monkeypatch.chdir(tmp_path)
    planted = Project(tmp_path, monkeypatch, settings)
    planted.says(needs=(MAILING,), source="mailing")
    planted.export()
    planted.says(WHOLE)
    planted.export()
    planted.commit()
    return planted


SAID = """sample.told.v1: total is gone
sample.told.v1: notes is gone
sample.told.v1
    forward: total: is missing
        breaks mailing (mailing.handlers.react)
1 breaking change (full, against main)"""


def test_a_field_that_goes_is_found_against_a_commit_a_folder_and_a_file(project: Project) -> None:
    project.says(CUT)
    assert project.check("--against", "main") == (1, SAID)
    for against in ("HEAD", "main:contracts", "contracts", f"contracts/{CUT.path}"):
        assert project.check("--against", against) == (1, SAID.replace("main", against))
    assert project.check() == (1, SAID.replace("main", "contracts"))


def test_a_commit_is_what_it_was_and_not_what_the_folder_says_now(project: Project) -> None:
    project.says(CUT)
    project.export()
    assert project.check()[0] == 0
    assert project.check("--against", "main")[0] == 1
    project.commit()
    assert project.check("--against", "main")[0] == 0
    assert project.check("--against", "main~1")[0] == 1


def test_a_schema_that_is_added_to_breaks_nothing_and_is_told(project: Project) -> None:
    project.says(event(total=TEXT, notes_=TEXT, gift_=TEXT))
    code, said = project.check("--against", "main")
    assert (code, said.splitlines()[0]) == (0, "sample.told.v1: gift is new")
    assert "nothing breaks: 1 event, 0 needs of others' events (full, against main)" in said


def test_a_mode_that_asks_the_other_way_passes(project: Project) -> None:
    project.says(CUT)
    assert project.check("--against", "main", "--mode", "backward")[0] == 0
    assert project.check("--against", "main", "--mode", "forward-transitive")[0] == 1


def test_as_json_it_is_nothing_but_json(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.says(CUT)
    with pytest.raises(CommandError, match="1 breaking change"):
        call_command("contracts", "check", "--against", "main", "--format", "json")
    document = json.loads(capsys.readouterr().out)
    assert (document["compatible"], document["mode"], document["against"]) == (False, "full", "main")
    reader = {"group": "mailing", "project": "mailing", "handler": "mailing.handlers.react", "reads": 1}
    [found] = document["breaks"]
    assert found.pop("consumers") == [reader]
    assert found == {"event": "sample.told.v1", "field": "total", "what": "is missing", "direction": "forward"}


def test_a_consumer_asks_what_it_would_miss_in_an_owners_next_version(project: Project, tmp_path: Path) -> None:
    project.says(CUT)
    call_command("contracts", "export", "--to", str(tmp_path / "next"), stdout=io.StringIO())
    project.says(needs=(MAILING,), source="mailing")
    assert project.check("--against", "main") == (
        0, "nothing breaks: 0 events, 1 need of others' events (full, against main)\n",
    )  # fmt: skip
    code, said = project.check("--against", "next")
    assert (code, "total: is missing" in said) == (1, True)


def test_an_event_that_is_gone_from_code_and_folder_is_missed_by_its_reader(project: Project) -> None:
    project.says()
    shutil.rmtree("contracts/sample")
    code, said = project.check("--against", "main")
    assert code == 1
    assert "nobody publishes it any more\n        breaks mailing" in said


@pytest.mark.parametrize(
    ("against", "complaint"),
    [
        ("nowhere", "--against nowhere: there is no such file or folder, and git knows no such commit here"),
        ("main:docs", "--against main:docs: there are no schemas in docs/ at that commit; say COMMIT:FOLDER"),
        ("empty", "--against empty: there are no schemas in that folder"),
        ("text.txt", "text.txt is no JSON"),
        ("list.json", "list.json is no JSON Schema of an event: it is a list"),
        ("any.json", 'any.json: its "$id" is not <owner>/<event>.v<N>.schema.json'),
        ("other.json", "--against other.json: it is of other.told, which this project neither publishes nor reads"),
    ],
)
def test_what_cannot_be_compared_with_is_named_and_ends_with_2(project: Project, against: str, complaint: str) -> None:
    (project.folder / "empty").mkdir()
    (project.folder / "text.txt").write_text("text")
    (project.folder / "list.json").write_text("[]")
    (project.folder / "any.json").write_text("{}")
    (project.folder / "other.json").write_text(json.dumps({"$id": "other/told.v1.schema.json"}))
    code, said = project.check("--against", against)
    assert code == 2
    assert said.startswith(complaint)


def test_outside_of_a_repository_a_commit_is_nothing(
    project: Project, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(elsewhere.parent))
    code, said = project.check("--against", "main")
    assert (code, said) == (2, "--against main: there is no such file or folder, and this is no git repository")
