"""The map of what holds a monolith together: foreign keys and imports, read off the shop and off planted sources."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command

from strangler.cutover.mapping import Context, Tie, context_map
from strangler.cutover.mapping.contexts import Kind
from strangler.cutover.mapping.imports import model_imports
from strangler.cutover.mapping.picture import svg

MAP = Path(__file__).resolve().parents[3] / "docs" / "img" / "context_map.svg"
MODELS = {"shop.orders.models", "shop.stock.models"}


@pytest.fixture(scope="module")
def shop() -> dict[str, Context]:
    return {context.label: context for context in context_map()}


def imports_of(folder: Path, source: str, *names: str) -> list[tuple[str, str]]:
    """Of an app `shop.stock` in `folder`, whose files of these names all read the same."""
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    config: Any = SimpleNamespace(name="shop.stock", path=str(folder))
    return list(model_imports(config, MODELS))


def test_reporting_reads_five_contexts_and_nobody_needs_it(shop: dict[str, Context]) -> None:
    needed = {tie.target for tie in shop["reporting"].outgoing}
    assert needed == {"customers", "notifications", "orders", "payments", "shipping"}
    assert shop["reporting"].incoming == ()


def test_foreign_keys_and_imports_are_told_with_their_place(shop: dict[str, Context]) -> None:
    ties = set(shop["shipping"].outgoing)
    assert Tie("shipping", "orders", Kind.FOREIGN_KEY, "Shipment.order") in ties
    assert Tie("shipping", "orders", Kind.IMPORT, "monolith.shipping.selectors") in ties
    assert all(tie in shop["orders"].incoming for tie in ties if tie.target == "orders")


def test_whom_the_fewest_need_comes_first_and_only_the_projects_own_apps_are_told() -> None:
    needed_by = [len({tie.source for tie in context.incoming}) for context in context_map()]
    assert needed_by == sorted(needed_by)
    assert {"auth", "sessions", "strangler_outbox"}.isdisjoint(context.label for context in context_map())


@pytest.mark.parametrize(
    "source",
    [
        "import shop.orders.models",
        "from shop.orders.models import Order",
        "from shop.orders import models",
        "from ..orders.models import Order",
        "from ..orders import models as theirs",
        "def later():\n    from shop.orders.models import Order",
    ],
)
def test_every_way_to_import_models_is_seen(source: str, tmp_path: Path) -> None:
    assert imports_of(tmp_path, source, "services.py") == [("shop.orders.models", "shop.stock.services")]


def test_a_package_imports_from_where_it_is(tmp_path: Path) -> None:
    source = "from ...orders.models import Order"
    assert imports_of(tmp_path, source, "api/__init__.py") == [("shop.orders.models", "shop.stock.api")]


def test_migrations_and_tests_and_what_is_no_model_are_left_out(tmp_path: Path) -> None:
    source = "from shop.orders.models import Order"
    assert not imports_of(tmp_path, source, "migrations/0001.py", "tests/test_all.py", "test_one.py")
    assert not imports_of(tmp_path, "from shop.orders.services import place_order\nfrom shop import orders", "views.py")


def test_the_sources_of_an_app_inside_another_are_its_own(shop: dict[str, Context]) -> None:
    places = {tie.place for context in shop.values() for tie in context.incoming if tie.source == "shop"}
    assert not any(place.startswith("monolith.orders.") for place in places)


def test_the_picture_has_a_row_a_column_and_the_number_of_places_for_each_pair(shop: dict[str, Context]) -> None:
    drawn = ElementTree.fromstring(svg(list(shop.values())))  # noqa: S314  (our own)
    texts = [element.text for element in drawn.iter() if element.tag.endswith("text")]
    assert all(texts.count(label) == 2 for label in shop)
    pairs = {(tie.source, tie.target) for context in shop.values() for tie in context.outgoing}
    assert sum(1 for text in texts if text and text.isdecimal()) == len({pair for pair in pairs if pair[0] in shop})


def test_the_picture_in_guide_5_is_that_of_the_code_as_it_is() -> None:
    contexts = [context for context in context_map() if context.label != "sample"]  # of the tests
    assert svg(contexts) == MAP.read_text(encoding="utf-8"), (
        "run `manage.py context_map --svg docs/img/context_map.svg`"
    )


def test_the_command_lists_all_tells_one_with_places_and_draws(tmp_path: Path) -> None:
    assert "reporting: 1 table, 0 events\n    needed by nobody\n    needs customers (2)" in output()
    assert "    reporting → orders: import of models monolith.reporting.signals\n" in output(context="reporting")
    assert output(svg=tmp_path / "map.svg").endswith("contexts\n")
    assert (tmp_path / "map.svg").read_text().startswith("<svg")


def test_an_app_that_is_not_there_and_a_file_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"--context order: there is no such app \(apps here: catalog, customers"):
        output(context="order")
    with pytest.raises(CommandError, match=r"--svg .*nowhere/map.svg: No such file or directory"):
        output(svg=tmp_path / "nowhere" / "map.svg")


def output(**options: object) -> str:
    said = StringIO()
    call_command("context_map", stdout=said, **options)
    return said.getvalue()
