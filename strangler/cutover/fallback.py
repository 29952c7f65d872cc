"""When the monolith answers instead of a service that cannot, and when the service is not even asked.

Circuit Breaker: <https://martinfowler.com/bliki/CircuitBreaker.html>, by pybreaker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from pybreaker import CircuitBreaker, CircuitBreakerError

P = ParamSpec("P")
R = TypeVar("R")

CircuitOpen = CircuitBreakerError


class Fallback:
    """Only for what may be asked twice: the service may have done its part before it failed to say so.

    `on` are the exceptions that mean "the service cannot answer"; any other is the caller's. After `failures` of them
    in a row, the service is left alone for `rest` seconds; then one call tries again. Each process counts for itself.
    """

    def __init__(self, on: type[Exception] | tuple[type[Exception], ...], *, failures: int = 5, rest: float = 30.0):
        self.on = on if isinstance(on, tuple) else (on,)
        self._circuit = CircuitBreaker(
            fail_max=failures,
            reset_timeout=rest,
            exclude=[lambda error: not isinstance(error, self.on)],
            throw_new_error_on_trip=False,
        )

    def attempt(self, implementation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Raises what `implementation` raises, and `CircuitOpen` where it was not asked."""
        answer: R = self._circuit.call(implementation, *args, **kwargs)
        return answer
