"""What is declared, and which changes of a transaction its events do not tell of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from strangler.conf import ModelWithEvents
from strangler.cutover.silent_writes.declared import Declared, declared, declared_models
from strangler.cutover.silent_writes.told import Told
from strangler.cutover.silent_writes.transaction import OpenTransaction, SilentChange
from strangler.errors import ConfigurationError

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def declare(settings: Any, models: object) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "MODELS_WITH_EVENTS": models}


def order(**item: str) -> Declared:
    found = declared("orders.Order", ModelWithEvents.model_validate({name.upper(): item[name] for name in item}))
    assert isinstance(found, Declared)
    return found


def silent(model: Declared, changes: list[tuple[str, dict[str, str | None]]], *ids: str) -> SilentChange | None:
    """Of one transaction that tells of `ids`."""
    transaction = OpenTransaction(7)
    for kind, values in changes:
        transaction.changed(model, kind, values)
    for each in ids:
        transaction.told.add("orders.order", each)
    return next(iter(transaction.commit(NOW)), None)


def updates(*numbers: str) -> list[tuple[str, dict[str, str | None]]]:
    return [("update", {"id": f"pk {number}", "number": number}) for number in numbers]


def deletions(*keys: str) -> list[tuple[str, dict[str, str | None]]]:
    """As the log tells of them by default: the primary key alone."""
    return [("delete", {"id": key, "number": None}) for key in keys]


# --- declarations


def test_a_list_of_labels_will_do(settings: Any) -> None:
    declare(settings, ["orders.Order", "inventory.StockItem"])
    assert [each.label for each in declared_models()] == ["orders.Order", "inventory.StockItem"]


def test_an_aggregate_and_a_key_say_more(settings: Any) -> None:
    declare(settings, {"orders.order": {"AGGREGATE": "orders.order", "KEY": "number"}})
    (found,) = declared_models()
    assert (found.label, found.table, found.primary_key) == ("orders.Order", "orders_order", ("id",))
    assert found.has_a_row_for_each_key
    assert found.is_told_by("orders.order")
    assert not found.is_told_by("orders.cart")


def test_any_event_of_the_context_tells_unless_an_aggregate_is_named() -> None:
    assert order().is_told_by("orders.cart")
    assert not order().is_told_by("orders_archive.order")


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (["orders.Ordr"], r"\['orders.Ordr'\]: there is no such model"),
        (["Order"], r"\['Order'\]: there is no such model"),
        ({"orders.Order": {"KEY": "nummer"}}, r"\[\"KEY\"\]: orders.Order has no column 'nummer' \(it has id, number"),
        ({"orders.Order": {"KEY": "lines"}}, "has no column 'lines'"),
        ({"orders.Order": {"AGGREGATE": "order"}}, r"\['AGGREGATE'\]: String should match pattern"),
        ({"orders.Order": {"KEYS": "number"}}, r"\['KEYS'\]"),
    ],
)
def test_what_there_is_not_is_named(settings: Any, models: object, said: str) -> None:
    declare(settings, models)
    with pytest.raises(ConfigurationError, match=said):
        declared_models()
    with pytest.raises(SystemCheckError, match=said):
        call_command("check")


def test_a_model_of_which_no_event_tells_is_an_error(settings: Any) -> None:
    declare(settings, ["auth.User", "orders.Order"])
    with pytest.raises(SystemCheckError, match=r"E322.*\['auth.User'\]: this project has no event of auth\.\*"):
        call_command("check")
    declare(settings, {"orders.Order": {"AGGREGATE": "orders.parcel"}})
    with pytest.raises(SystemCheckError, match=r"no event of orders.parcel(.|\n)*known: .*orders\.order"):
        call_command("check")


def test_a_model_in_another_database_than_the_outbox_is_an_error(settings: Any) -> None:
    class Router:
        def db_for_write(self, model: Any, **_: object) -> str | None:
            return "elsewhere" if model._meta.label == "orders.Order" else None

    settings.DATABASE_ROUTERS = [Router()]
    declare(settings, ["orders.Order"])
    with pytest.raises(SystemCheckError, match=r"E323.*in database 'elsewhere', the outbox is in 'default'"):
        call_command("check")


# --- transactions


def test_without_a_key_any_event_tells_of_all_rows() -> None:
    assert silent(order(), updates("A", "B"), "C") is None
    found = silent(order(), [*updates("A"), *deletions("2")])
    assert found == SilentChange(7, NOW, "orders.Order", {"update": 1, "delete": 1}, 2, ("pk A", "2"), 0)


def test_an_event_of_another_aggregate_tells_nothing() -> None:
    assert silent(order(aggregate="orders.cart"), updates("A"), "A") is not None


def test_with_a_key_each_row_takes_an_event_about_its_own() -> None:
    keyed = order(key="number")
    assert silent(keyed, updates("A", "B", "A"), "A", "B") is None
    found = silent(keyed, updates("A", "B", "C"), "B", "D", "E")
    assert found is not None
    assert (found.silent, found.primary_keys, found.events) == (2, ("pk A", "pk C"), 3)


def test_deleted_rows_of_which_the_log_knows_no_key_take_as_many_events() -> None:
    keyed = order(key="number")
    assert silent(keyed, [*deletions("1", "2"), *updates("A")], "A", "X", "Y") is None
    found = silent(keyed, [*deletions("1", "2"), *updates("A")], "A", "X")
    assert found is not None
    assert found.silent == 1
    assert silent(keyed, [("delete", {"id": "1", "number": "A"})], "A") is None


def test_a_truncated_table_is_a_change() -> None:
    found = silent(order(key="number"), [("truncate", {})])
    assert found is not None
    assert found.changed == {"truncate": 1}
    assert "primary keys unknown" in found.line()


def test_only_the_first_primary_keys_are_told() -> None:
    found = silent(order(key="number"), updates(*map(str, range(50))))
    assert found is not None
    assert (found.silent, len(found.primary_keys)) == (50, 20)
    assert found.line().endswith("pk 19, …)")


def test_a_very_large_transaction_is_counted_instead_of_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events may come in another order than rows: which ones are remembered says nothing."""
    for module in ("told", "transaction"):
        monkeypatch.setattr(f"strangler.cutover.silent_writes.{module}.MOST", 10)
    numbers = [str(number) for number in range(30)]
    keyed = order(key="number")
    assert silent(keyed, updates(*numbers), *numbers) is None
    assert silent(keyed, updates(*numbers), *reversed(numbers)) is None
    found = silent(keyed, updates(*numbers), *reversed(numbers[:-4]))
    assert found is not None
    assert found.silent == 4


def test_what_is_told_of_twice_counts_once() -> None:
    told = Told()
    for id in ("A", "A", "B"):
        told.add("orders.order", id)
    assert told.of(order()).count == 2
