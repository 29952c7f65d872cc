"""A capability has two implementations with one signature; which one answers is the stage's to say.

::

    @capability("reporting", key=lambda day: day.isoformat())
    def sales_of(day: date) -> Sales:
        ...  # the monolith answers

    @sales_of.extracted
    def ask_the_service(day: date) -> Sales:
        ...  # the service answers

    sales_of(today)  # one of the two

Branch by Abstraction: <https://martinfowler.com/bliki/BranchByAbstraction.html>. A canary's share is stable per key.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import StrEnum
from functools import partial, update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

import structlog
from opentelemetry import metrics

from strangler.conf import Stage
from strangler.cutover.fallback import CircuitOpen, Fallback
from strangler.cutover.shadow import Shadow
from strangler.cutover.stages import service_has, setting_of
from strangler.errors import CapabilityError

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger(__name__)
decisions = metrics.get_meter("strangler.cutover").create_counter(
    "strangler.cutover.decisions", unit="{decision}", description="which side answered, and why it was asked"
)


class Side(StrEnum):
    MONOLITH = "monolith"
    EXTRACTED = "extracted"


class Reason(StrEnum):
    STAGE = "stage"
    CANARY = "canary"
    ERROR = "error"
    OPEN_CIRCUIT = "open_circuit"


class Capability(Generic[P, R]):
    """Call it as you would call either implementation. Made by `@capability`."""

    __name__: str

    def __init__(
        self,
        context: str,
        monolith: Callable[P, R],
        *,
        key: Callable[P, str],
        fallback: Fallback | None,
        shadow: Shadow | None,
    ) -> None:
        self.context = context
        self.name = f"{monolith.__module__}.{monolith.__qualname__}"
        self.is_complete = False
        self._monolith = monolith
        self._extracted: Callable[P, R] = self._nobody
        self._key = key
        self._fallback = fallback
        self._shadow = shadow
        update_wrapper(self, monolith)

    @property
    def is_compared(self) -> bool:
        """Whether at `shadow` both sides are asked."""
        return self._shadow is not None

    @property
    def falls_back(self) -> bool:
        """Whether the monolith answers, up to `extracted`, where the service can't."""
        return self._fallback is not None

    def extracted(self, implementation: Callable[P, R]) -> Callable[P, R]:
        """Decorator of the service's side. Raises `CapabilityError` where its parameters are not the monolith's."""
        ours, theirs = _parameters(self._monolith), _parameters(implementation)
        if ours != theirs:
            raise CapabilityError(
                f"{implementation.__module__}.{implementation.__qualname__} takes ({', '.join(theirs)}), but "
                f"{self.name}, which it answers for, takes ({', '.join(ours)}): give both the same parameters"
            )
        if self.is_complete:
            raise CapabilityError(f"{self.name} has two extracted implementations: keep one")
        self._extracted, self.is_complete = implementation, True
        return implementation

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        setting = setting_of(self.context)
        if setting.stage is Stage.CANARY:
            reason, served = Reason.CANARY, service_has(setting, self._key(*args, **kwargs))
        else:
            reason, served = Reason.STAGE, service_has(setting, "")
        if setting.stage is Stage.SHADOW and self._shadow and self.is_complete:
            return self._ask_both(self._shadow, *args, **kwargs)
        if not served:
            return self._ask_monolith(reason, *args, **kwargs)
        if self._fallback and setting.stage is not Stage.RETIRED:
            return self._ask_with_fallback(self._fallback, reason, *args, **kwargs)
        self._count(Side.EXTRACTED, reason)
        return self._extracted(*args, **kwargs)

    def _ask_monolith(self, reason: Reason, *args: P.args, **kwargs: P.kwargs) -> R:
        self._count(Side.MONOLITH, reason)
        return self._monolith(*args, **kwargs)

    def _ask_both(self, shadow: Shadow, *args: P.args, **kwargs: P.kwargs) -> R:
        self._count(Side.MONOLITH, Reason.STAGE)
        sides = partial(self._monolith, *args, **kwargs), partial(self._extracted, *args, **kwargs)
        answer: R = shadow.answered(self.name, *sides, args, kwargs)
        return answer

    def _ask_with_fallback(self, fallback: Fallback, reason: Reason, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            answer = fallback.attempt(self._extracted, *args, **kwargs)
        except CircuitOpen:
            return self._ask_monolith(Reason.OPEN_CIRCUIT, *args, **kwargs)
        except fallback.on as error:
            log.warning("capability_fell_back", capability=self.name, context=self.context, error=repr(error))
            return self._ask_monolith(Reason.ERROR, *args, **kwargs)
        self._count(Side.EXTRACTED, reason)
        return answer

    def _count(self, side: Side, reason: Reason) -> None:
        decisions.add(1, {"context": self.context, "capability": self.name, "side": side, "reason": reason})

    def _nobody(self, *_: P.args, **__: P.kwargs) -> R:
        raise CapabilityError(
            f"{self.name} has no extracted implementation, and {self.context} is {setting_of(self.context)}: decorate "
            f"one with @{self._monolith.__name__}.extracted in a module that is imported at start-up"
        )


capabilities: list[Capability[Any, Any]] = []
"""All that this process has, for the system checks."""


def capability(
    context: str, *, key: Callable[P, str], fallback: Fallback | None = None, shadow: Shadow | None = None
) -> Callable[[Callable[P, R]], Capability[P, R]]:
    """Decorator of the monolith's implementation.

    `key` takes what the capability takes, and says for which key it is asked: a canary decides by it. Use the key of
    the events that the service learns from, or it is asked for what it does not have yet. `fallback` says when the
    monolith answers instead of a service that cannot; up to `extracted`, since at `retired` there is nobody at home.
    `shadow` says how answers are compared at that stage; only for what may be asked twice without a consequence.
    """

    def register(monolith: Callable[P, R]) -> Capability[P, R]:
        made = Capability(context, monolith, key=key, fallback=fallback, shadow=shadow)
        capabilities.append(made)
        return made

    return register


def _parameters(function: Callable[..., object]) -> list[str]:
    """Names, kinds and defaults; annotations may differ, since each side has its own imports."""
    parameters = inspect.signature(function).parameters.values()
    return [str(parameter.replace(annotation=inspect.Parameter.empty)) for parameter in parameters]
