"""All settings of the kit, typed and lazy: `STRANGLER` in Django's settings, `STAGE_<CONTEXT>` in the environment.

`settings.<lower_case_name>` reads Django's settings at the time of use, so `override_settings` works.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from strangler.errors import ConfigurationError

NO_STAGE_TABLE = 'STRANGLER["STAGE_SOURCE"] is "database": that needs "strangler.cutover" in INSTALLED_APPS'
MOST_HOURS = 1_000_000
"""That something is kept: a hundred years and more, and still a date that there is."""


class Stage(StrEnum):
    """How far a bounded context has come out of the monolith, in order."""

    MONOLITH = "monolith"
    EMITTING = "emitting"
    SHADOW = "shadow"
    CANARY = "canary"
    EXTRACTED = "extracted"
    RETIRED = "retired"


class StageSetting(BaseModel):
    """`"extracted"`, `"canary:10"` or `{"stage": "canary", "percent": 10}`. `percent` is for canary only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Stage = Stage.MONOLITH
    percent: int = Field(default=0, ge=0, le=100)

    @classmethod
    def parse(cls, value: object) -> StageSetting:
        if isinstance(value, str):
            stage, _, percent = value.partition(":")
            return cls.model_validate({"stage": stage, "percent": percent or 0})
        return cls.model_validate(value)

    def __str__(self) -> str:
        return f"{self.stage}:{self.percent}" if self.stage is Stage.CANARY else str(self.stage)


class StagesInForce:
    """The stages of one moment, and the stamp made of them: who decides by the ones publishes the other."""

    def __init__(self, stages: Mapping[str, StageSetting]) -> None:
        self.by_context = stages
        moved = sorted(item for item in stages.items() if item[1].stage is not Stage.MONOLITH)
        self.stamp = ",".join(f"{context}={stage}" for context, stage in moved)
        """What every envelope carries: `notifications=extracted,inventory=canary:10`; who is at home is left out."""

    def of(self, context: str) -> StageSetting:
        """`monolith` where nothing is said."""
        return self.by_context.get(context, StageSetting())


class CdcSettings(BaseModel):
    """Change data capture. The role needs LOGIN, REPLICATION and CONNECT, nothing else; `cdc_setup` makes it.

    `connect_url` and `connector` are for `RELAY=connect`: Kafka Connect's REST API, and what it calls our connector.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=str.upper)

    database_url: str = ""
    slot: str = Field(default="strangler_outbox", pattern=r"^[a-z0-9_]{1,63}$")
    publication: str = Field(default="strangler_outbox", pattern=r"^[a-z0-9_]{1,63}$")
    poll_interval_ms: int = Field(default=10, ge=1)
    heartbeat_interval_ms: int = Field(default=2_000, ge=100)
    connect_url: str = "http://localhost:8083"
    connector: str = Field(default="strangler-outbox", pattern=r"^[A-Za-z0-9_.-]+$")


class ServiceSettings(BaseModel):
    """A service taken out of the monolith, as the monolith knows it.

    `url` is where the service includes `strangler.cutover.service.urls`, `token` is its `SERVICE_TOKEN`. `groups` are
    its consumer groups, `backfills` what it has to have learned before anybody may depend on it (`"orders.orders"`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=str.upper)

    url: str = Field(default="", pattern=r"^(https?://.+)?$")
    token: str = Field(default="", repr=False)
    groups: tuple[str, ...] = ()
    backfills: tuple[str, ...] = ()


class GateSettings(BaseModel):
    """Bounds of the gates before a step forward: migration_guides/appendix-stages.md says what each gate counts."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=str.upper)

    max_relay_lag: float = Field(default=60.0, gt=0)
    max_consumer_backlog: int = Field(default=100, ge=0)
    min_shadow_comparisons: int = Field(default=1_000, ge=1)
    min_parity_rows: int = Field(default=1, ge=1)
    max_parity_age: float = Field(default=86_400.0, gt=0)


class ModelWithEvents(BaseModel):
    """What has to be told when a row changes: an event of `aggregate` (`"orders.order"`), by default any of the context
    that the model belongs to. Where `key` names a field of the model, one about the row's own value of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=str.upper)

    aggregate: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)?$")
    key: str = ""


class StranglerSettings(BaseModel):
    """One field a setting; the setting's name is the field's in upper case. Times are seconds, sizes are bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=str.upper)

    source: str = Field(default="django", pattern=r"^[A-Za-z0-9_./-]+$")
    broker_url: str = ""
    exchange: str = Field(default="events", pattern=r"^[a-z][a-z0-9_-]*$")
    relay: Literal["none", "polling", "stream", "debezium", "server", "connect"] = "polling"
    relay_batch_size: int = Field(default=500, ge=1, le=10_000)
    relay_poll_interval: float = Field(default=1.0, gt=0)
    relay_backoff_max: float = Field(default=60.0, gt=0)
    max_event_bytes: int = Field(default=8_000_000, ge=1_000, le=128_000_000)
    contracts_dir: str = ""
    events_without_consumers: tuple[str, ...] = ()
    outbox_retention_hours: float = Field(default=168.0, gt=0, le=MOST_HOURS)
    inbox_retention_hours: float = Field(default=720.0, gt=0, le=MOST_HOURS)
    consumer_processes: int = Field(default=1, ge=1, le=64)
    consumer_concurrency: int = Field(default=4, ge=1, le=64)
    consumer_prefetch: int = Field(default=200, ge=1, le=10_000)
    consumer_batch_size: int = Field(default=50, ge=1, le=1_000)
    consumer_max_attempts: int = Field(default=5, ge=1)
    consumer_backoff: float = Field(default=0.5, gt=0)
    consumer_backoff_max: float = Field(default=60.0, gt=0)
    cdc: CdcSettings = CdcSettings()
    stages: dict[str, StageSetting] = {}
    stage_source: Literal["settings", "database"] = "settings"
    stage_max_age: float = Field(default=5.0, ge=0)
    gates: GateSettings = GateSettings()
    services: dict[str, ServiceSettings] = {}
    service_token: str = Field(default="", repr=False)
    models_with_events: dict[str, ModelWithEvents] = {}
    soft_references: dict[str, str] = {}

    @field_validator("models_with_events", mode="before")
    @classmethod
    def _by_label(cls, value: object) -> object:
        """A list of labels does where nothing more is to be said of them."""
        return {label: {} for label in value} if isinstance(value, list | tuple) else value

    @field_validator("stages", mode="before")
    @classmethod
    def _parse_stages(cls, value: dict[str, object]) -> dict[str, StageSetting]:
        return {context: StageSetting.parse(stage) for context, stage in value.items()}

    def must_be_consumed(self, event_type: str) -> bool:
        """False for what `EVENTS_WITHOUT_CONSUMERS` lists (`"catalog.*"`, `"orders.order_placed"`)."""
        return not any(fnmatchcase(event_type, pattern) for pattern in self.events_without_consumers)

    @cached_property
    def configured_stages(self) -> StagesInForce:
        """What settings and environment say, whatever the database may say besides."""
        return StagesInForce(self.stages)


class LazySettings:
    """Stands in for a `StranglerSettings`, made when first needed and made anew when Django's settings change."""

    def __init__(self) -> None:
        self._loaded: StranglerSettings | None = None
        self.stages_of_database: Callable[[], StagesInForce] | None = None
        """`strangler.cutover` puts it here: whoever stamps events may not import it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.load(), name)

    def load(self) -> StranglerSettings:
        """Raises `ConfigurationError` naming every setting at fault."""
        if self._loaded is None:
            self._loaded = _read()
        return self._loaded

    def stages_in_force(self) -> StagesInForce:
        """By `STAGE_SOURCE`. With `"database"` they are the same throughout a transaction."""
        loaded = self.load()
        if loaded.stage_source == "settings":
            return loaded.configured_stages
        if self.stages_of_database is None:
            raise ConfigurationError(NO_STAGE_TABLE)
        return self.stages_of_database()

    def forget(self, *, setting: str, **_: object) -> None:
        if setting == "STRANGLER":
            self._loaded = None


def _read() -> StranglerSettings:
    from django.conf import settings as django_settings

    raw = getattr(django_settings, "STRANGLER", {})
    if not isinstance(raw, dict):
        raise ConfigurationError(f"STRANGLER must be a dict of settings, not {type(raw).__name__}")
    try:
        return StranglerSettings.model_validate(
            {**raw, "STAGES": {**raw.get("STAGES", {}), **_stages_of_environment()}}
        )
    except ValidationError as error:
        raise ConfigurationError(
            "; ".join(_explain(item["loc"], item["msg"], item["type"]) for item in error.errors())
        ) from error


def _stages_of_environment() -> dict[str, StageSetting]:
    prefix = "STAGE_"
    named = {name: value for name, value in os.environ.items() if name.startswith(prefix)}
    return {name.removeprefix(prefix).lower(): _stage_of(name, value) for name, value in named.items()}


def _stage_of(variable: str, value: str) -> StageSetting:
    try:
        return StageSetting.parse(value)
    except ValidationError as error:
        said = "; ".join(item["msg"] for item in error.errors())
        raise ConfigurationError(f"environment variable {variable}={value!r}: {said}") from error


def _explain(location: tuple[int | str, ...], message: str, kind: str) -> str:
    path = "".join(f"[{str(step)!r}]" for step in location)
    if kind == "extra_forbidden":
        known = ", ".join(sorted(name.upper() for name in StranglerSettings.model_fields))
        return f"STRANGLER{path} is no setting of the kit (known: {known})"
    return f"STRANGLER{path}: {message}"


def _forget_on_change(loader: LazySettings) -> None:
    from django.core.signals import setting_changed

    setting_changed.connect(loader.forget, dispatch_uid="strangler.conf")


settings = LazySettings()
_forget_on_change(settings)
