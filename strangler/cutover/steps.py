"""Which step a context may take: forwards one stage at a time, backwards any."""

from __future__ import annotations

from strangler.conf import Stage, StageSetting
from strangler.cutover.gone import gone, refusal
from strangler.errors import StageMoveRefused

_ORDER = list(Stage)


def wanted(stage: Stage, percent: int | None) -> StageSetting:
    """Raises `StageMoveRefused` where a canary lacks its share, or another stage is given one."""
    if stage is not Stage.CANARY and percent is not None:
        raise StageMoveRefused(f"--percent is for canary: at {stage} all keys are on one side")
    if stage is Stage.CANARY and (percent is None or not 0 <= percent <= 100):
        raise StageMoveRefused(
            "canary takes --percent, the share of keys that the service gets: a whole number from 0 to 100"
        )
    return StageSetting(stage=stage, percent=percent or 0)


def is_forward(context: str, before: StageSetting, after: StageSetting) -> bool:
    """Whether gates stand before it. Raises `StageMoveRefused` for a step over a stage, for none at all, and for one
    back to code that is deleted.
    """
    if context in gone and after.stage is not Stage.RETIRED:
        raise StageMoveRefused(f"{refusal(context, after)}. The way back: {gone[context]}")
    if before == after:
        raise StageMoveRefused(f"{context} is {before} already")
    if _ORDER.index(after.stage) > _ORDER.index(before.stage) + 1:
        raise StageMoveRefused(f"{context} is {before}, one stage at a time: the next is {stage_after(before)}")
    return _far(after) > _far(before)


def stage_after(setting: StageSetting) -> Stage | None:
    return None if setting.stage is _ORDER[-1] else _ORDER[_ORDER.index(setting.stage) + 1]


def one_back(context: str, setting: StageSetting) -> StageSetting:
    """Before `extracted` comes a canary of all keys. Raises `StageMoveRefused` at `monolith`."""
    if setting.stage is _ORDER[0]:
        raise StageMoveRefused(f"{context} is {setting}: there is no stage before it")
    before = _ORDER[_ORDER.index(setting.stage) - 1]
    return StageSetting(stage=before, percent=100 if before is Stage.CANARY else 0)


def _far(setting: StageSetting) -> tuple[int, int]:
    return _ORDER.index(setting.stage), setting.percent
