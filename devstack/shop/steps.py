"""Progress of the preparation: a spinner and ticks on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from rich.console import Console


class Steps:
    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Name what is being done; a tick and the time it took when it is done, a cross when it fails."""
        started = time.monotonic()
        spinner = self._console.status(f"{text} ...") if self._console.is_terminal else nullcontext()
        try:
            with spinner:
                yield
        except BaseException:
            self._console.print(f"[red]✗[/] {text}", soft_wrap=True)
            raise
        self._console.print(f"[green]✓[/] {text} [dim]({time.monotonic() - started:.1f} s)[/]", soft_wrap=True)
