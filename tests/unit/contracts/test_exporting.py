"""What is in the folder already is only ever added to: by several projects, over years."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, model_validator

from strangler.contracts import exporting
from strangler.contracts.examples import example_of
from strangler.contracts.exporting import Exported, export
from strangler.contracts.files import as_json, read_folder
from strangler.contracts.language import Language
from strangler.errors import ContractError
from strangler.messaging import Event
from tests.unit.contracts.planted import TEXT, event, need


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: object):
    """Exports what a project of that source says."""

    def export_it(source: str, language: Language) -> Exported:
        settings.STRANGLER = {**settings.STRANGLER, "SOURCE": source}
        monkeypatch.setattr(exporting, "language_here", lambda: language)
        return export(tmp_path)

    return export_it


def retired(folder: Path) -> list[str]:
    return [each.wire_type for each in read_folder(folder).events if each.retired]


def test_a_version_that_nobody_publishes_any_more_stays_and_is_marked(says, tmp_path: Path) -> None:
    says("shop", Language([event(), event(name="sample.asked")]))
    before = (tmp_path / event().path).read_text()
    done = says("shop", Language([event(version=2), event(name="sample.asked")]))
    assert (done.events, done.retired) == (2, 1)
    assert retired(tmp_path) == ["sample.told.v1"]
    after = json.loads((tmp_path / event().path).read_text())
    assert after == {**json.loads(before), "deprecated": True}
    assert "retired: nobody publishes it" in (tmp_path / "index.html").read_text()
    assert "x-retired: true" in (tmp_path / "asyncapi.yaml").read_text()


def test_a_version_that_is_published_again_is_no_longer_marked(says, tmp_path: Path) -> None:
    for version in (1, 2, 1):
        says("shop", Language([event(version=version)]))
    assert retired(tmp_path) == ["sample.told.v2"]


def test_an_export_of_the_same_changes_nothing(says) -> None:
    language = Language([event(), event(version=2)], [need(number=TEXT)])
    assert says("shop", language).changed == 6
    assert says("shop", language).changed == 0
    says("shop", Language([event(version=2)], language.needs))
    assert says("shop", Language([event(version=2)], language.needs)).changed == 0


def test_an_event_with_two_publishers_stays_as_the_first_of_them_wrote_it(says, tmp_path: Path) -> None:
    says("shop", Language([event(more=TEXT)]))
    done = says("service", Language([event(source="service"), event(source="service", version=2)]))
    assert (done.events, done.others, done.retired) == (0, 2, 0)
    assert "more" in read_folder(tmp_path).events[0].schema["properties"]
    assert says("shop", Language([event(more=TEXT)])).changed == 0


def test_needs_of_others_stay_and_ones_own_that_are_no_more_go(says, tmp_path: Path) -> None:
    says("mailing", Language((), [need(number=TEXT), need(name="sample.asked", number=TEXT)]))
    says("books", Language((), [need(group="books", number=TEXT)]))
    says("mailing", Language((), [need(number=TEXT)]))
    assert [(each.group, each.type) for each in read_folder(tmp_path).needs] == [
        ("books", "sample.told"),
        ("mailing", "sample.told"),
    ]


def test_a_group_that_moved_into_another_project_leaves_nothing_behind(says, tmp_path: Path) -> None:
    says(
        "shop", Language((), [need(source="shop", number=TEXT), need(source="shop", name="sample.asked", number=TEXT)])
    )
    says("mailing", Language((), [need(number=TEXT)]))
    assert [(each.source, each.type) for each in read_folder(tmp_path).needs] == [("mailing", "sample.told")]


def test_a_file_that_is_no_contract_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sample" / "told.v1.schema.json"
    path.parent.mkdir()
    path.write_text("{")
    with pytest.raises(ContractError, match=r"sample/told\.v1\.schema\.json is no JSON"):
        read_folder(tmp_path)
    path.unlink()
    lost = tmp_path / "needs" / "mailing" / "sample.told.v1.schema.json"
    lost.parent.mkdir(parents=True)
    lost.write_text(as_json({"x-need": {"group": "mailing"}}))
    with pytest.raises(ContractError, match=r'its "x-need" lacks'):
        read_folder(tmp_path)


class Part(BaseModel):
    weight: float = Field(gt=0, le=0.5)
    tags: set[str] = Field(min_length=1)


class Weighed(Event, type="examples.weighed", key="number"):
    number: str = Field(pattern=r"^[A-Z]-\d+$")
    parts: list[Part] = Field(min_length=2)
    kilos: int = Field(ge=7, multiple_of=7)
    labels: dict[str, int]
    place: tuple[int, str]


class Odd(Event, type="examples.odd", key="number"):
    number: str = Field(pattern=r"^ODD[13579]+$")


class Whole(Event, type="examples.whole", key="number"):
    number: str
    other: str

    @model_validator(mode="after")
    def _alike(self):
        if self.number != self.other:
            raise ValueError("number and other are one")
        return self


def test_an_example_is_made_up_that_the_class_itself_takes() -> None:
    example = example_of(Weighed)
    assert example["number"] == "A-1"
    assert example["kilos"] % 7 == 0
    assert Weighed.model_validate(example).model_dump(mode="json") == example == example_of(Weighed)


@pytest.mark.parametrize(("declared", "field"), [(Odd, "number"), (Whole, "the event as a whole")])
def test_where_none_can_be_made_up_the_author_is_asked_for_one(declared: type[Event], field: str) -> None:
    with pytest.raises(
        ContractError, match=rf"{declared.__name__}: no example could be made up for {field} .*Field\(ex"
    ):
        example_of(declared)
