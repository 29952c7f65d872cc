"""What is told to Debezium and shown in cdc/, and how a wrong DATABASE_URL is answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from strangler.conf import CdcSettings
from strangler.errors import ConfigurationError
from strangler.relay.debezium import config, files, jvm
from strangler.relay.log.source import source_of

CDC = Path(__file__).resolve().parents[4] / "cdc"
URL = "postgresql://reader:s%40cret@db.example:6543/shop?sslmode=require"


def settings(url: str = URL, **others: object) -> CdcSettings:
    return CdcSettings.model_validate({"DATABASE_URL": url, **others})


def test_the_files_in_cdc_are_what_the_code_does() -> None:
    generated = files.generated(CdcSettings())
    assert {name: (CDC / name).read_text(encoding="utf-8") for name in generated} == generated
    written = {str(path.relative_to(CDC)) for folder in ("debezium", "sql") for path in (CDC / folder).iterdir()}
    assert written == set(generated)


def test_cdc_setup_writes_the_files_with_the_names_of_the_settings(tmp_path: Path, settings: object) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "CDC": {"SLOT": "our_slot"}}  # type: ignore[attr-defined]
    call_command("cdc_setup", write=tmp_path, verbosity=0)
    assert "'our_slot'" in (tmp_path / "sql/slot.sql").read_text(encoding="utf-8")
    assert "slot.name=our_slot\n" in (tmp_path / "debezium/embedded.properties").read_text(encoding="utf-8")


def test_the_url_becomes_the_connectors_properties() -> None:
    cdc = settings(SLOT="s", PUBLICATION="p")
    shared = config.shared(cdc, source_of(cdc), schema="kit")
    assert {name: value for name, value in shared.items() if name.startswith("database.")} == {
        "database.hostname": "db.example",
        "database.port": "6543",
        "database.user": "reader",
        "database.password": "s@cret",
        "database.dbname": "shop",
        "database.sslmode": "require",
    }
    assert (shared["slot.name"], shared["publication.name"]) == ("s", "p")
    assert shared["table.include.list"] == "kit.strangler_outbox"
    assert shared["predicates.isOutbox.pattern"] == "strangler[.]kit[.]strangler_outbox"


def test_the_queue_in_the_engine_is_larger_than_a_batch() -> None:
    whole = config.embedded(settings(), source_of(settings()), batch_size=10_000)
    assert int(whole["max.queue.size"]) > int(whole["max.batch.size"]) == 10_000


def test_the_password_is_never_shown() -> None:
    assert "s@cret" not in repr(source_of(settings()))


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("", "is empty"),
        ("postgresql://reader@db.example", "names no database"),
        ("postgresql://db.example/shop", "names no role"),
        ("postgresql:///shop?user=reader", "names no host"),
        ("postgresql://reader@/shop?host=/run/postgresql", "one host that is reached over TCP"),
        ("postgresql://reader@a,b/shop", "one host that is reached over TCP"),
        ("postgresql://reader@a/shop?target_session_attrs=any", "takes no target_session_attrs"),
        ("mysql://reader@a/shop", "is no PostgreSQL URL"),
    ],
)
def test_a_wrong_url_is_named_with_what_is_wrong(url: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint) as raised:
        source_of(settings(url))
    assert 'STRANGLER["CDC"]["DATABASE_URL"]' in str(raised.value)


def test_missing_packages_are_named_with_how_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jvm, "PACKAGES", ("jpype", "no_such_package"))
    with pytest.raises(ConfigurationError, match=r'needs no_such_package: pip install "django-strangler\[debezium\]"'):
        jvm.require_packages()


def test_cdc_setup_answers_an_unknown_database_with_those_there_are() -> None:
    with pytest.raises(CommandError, match="--database nowhere: DATABASES has default"):
        call_command("cdc_setup", database="nowhere")
