"""What a gate is, and what one context's gates share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from pydantic import ValidationError

from strangler.conf import GateSettings, ServiceSettings, Stage, settings
from strangler.cutover.service.client import ServiceClient
from strangler.cutover.service.report import GroupStatus, ServiceStatus
from strangler.errors import ConfigurationError, ServiceUnavailable, StranglerError


@dataclass(frozen=True, slots=True)
class Verdict:
    """`passed` is None where the gate has nothing to ask of this context. `remedy` is what to do where it fails."""

    passed: bool | None
    figure: str
    bound: str = ""
    remedy: str = ""
    gate: str = ""

    @property
    def fails(self) -> bool:
        return self.passed is False

    def __str__(self) -> str:
        return f"{self.gate}: {self.figure}{f' ({self.bound})' if self.bound else ''}"

    def as_json(self) -> dict[str, object]:
        return asdict(self)


class Candidate:
    """A context that may take a step. Its service is asked once, whoever of the gates needs the answer."""

    def __init__(self, context: str) -> None:
        self.context = context
        self.service: ServiceSettings = settings.services.get(context, ServiceSettings())
        self.bounds: GateSettings = settings.gates
        self._answer: ServiceStatus | StranglerError | None = None

    @property
    def status(self) -> ServiceStatus:
        """Raises `ConfigurationError` where it is not known where to ask, `ServiceUnavailable` where nobody answers."""
        if self._answer is None:
            try:
                self._answer = self._ask()
            except (ConfigurationError, ServiceUnavailable) as error:
                self._answer = error
        if isinstance(self._answer, StranglerError):
            raise self._answer
        return self._answer

    @property
    def groups(self) -> dict[str, GroupStatus]:
        """Those that the settings name, or all that the service has. Raises what `status` raises."""
        groups = self.status.groups
        if strange := sorted(set(self.service.groups) - groups.keys()):
            raise ConfigurationError(
                f'STRANGLER["SERVICES"]["{self.context}"]["GROUPS"] names {", ".join(strange)}, but the service has '
                f"{', '.join(groups) or 'no group at all'}"
            )
        return {name: group for name, group in groups.items() if name in (self.service.groups or groups)}

    def _ask(self) -> ServiceStatus:
        with ServiceClient(self.context) as client:
            answer = client.get("status")
        try:
            return ServiceStatus.model_validate(answer)
        except ValidationError as error:
            raise ServiceUnavailable(
                f"the service of {self.context} at {self.service.url} answers what is no status of this kit: "
                f"{error.errors()[0]['msg']}"
            ) from error


class Gate:
    """A small function with a name: what it cannot ask, it does not pass."""

    def __init__(self, name: str, ask: Callable[[Candidate], Verdict]) -> None:
        self.name = name
        self._ask = ask

    def __call__(self, candidate: Candidate) -> Verdict:
        try:
            verdict = self._ask(candidate)
        except StranglerError as error:
            verdict = Verdict(False, f"cannot be asked: {error}")
        return replace(verdict, gate=self.name, remedy=verdict.remedy if verdict.fails else "")


def gate(name: str) -> Callable[[Callable[[Candidate], Verdict]], Gate]:
    """Decorator. The function may raise any `StranglerError` that says why it cannot ask."""
    return lambda ask: Gate(name, ask)


@dataclass(frozen=True, slots=True)
class OwnGate:
    context: str
    before: tuple[Stage, ...]
    ask: Gate


own_gates: list[OwnGate] = []


def own_gate(
    context: str, name: str, *, before: Sequence[Stage]
) -> Callable[[Callable[[], Verdict]], Callable[[], Verdict]]:
    """Decorator: what has to hold in one context before it enters these stages, and only the project can know.

    Declare it in the `gates.py` of an installed app. The function says what it found in a `Verdict`; it may raise any
    `StranglerError` that says why it cannot ask.
    """

    def register(ask: Callable[[], Verdict]) -> Callable[[], Verdict]:
        own_gates.append(OwnGate(context, tuple(before), Gate(name, lambda _: ask())))
        return ask

    return register


def not_applicable(why: str) -> Verdict:
    return Verdict(None, f"not applicable: {why}")
