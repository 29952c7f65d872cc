"""What a service says of itself, as both sides write and read it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class GroupStatus(BaseModel):
    """Messages of one consumer group: waiting in the broker, to be tried again, given up."""

    backlog: int
    retrying: int
    dead: int


class Reading(BaseModel):
    """An event that the service reads as `version`, whose data fits `json_schema`; it lifts those from `oldest` on."""

    model_config = ConfigDict(populate_by_name=True)

    type: str
    version: int
    oldest: int
    json_schema: dict[str, Any] = Field(alias="schema")


class Compared(BaseModel):
    """Answers of the service beside the monolith's: `clean_run` are those since the last that differed."""

    total: int
    mismatches: int
    clean_run: int


class ServiceStatus(BaseModel):
    """`comparisons` are those that the service makes itself, by name."""

    groups: dict[str, GroupStatus]
    reads: list[Reading]
    comparisons: dict[str, Compared] = {}
