"""What publishers and subscribers share: `with broker.publisher() as publisher:`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class ClosingBase(ABC):
    @abstractmethod
    def close(self) -> None:
        """Give the connection back; closing twice is harmless."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
