"""The wall clock of one program, which can be made to jump while it runs."""

from pathlib import Path

JUMPING = Path(__file__).parent / "jumping"


class Clock:
    """Put `environment` into that of the program. `file` is for this clock alone."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.jump(0)

    def jump(self, seconds: int) -> None:
        """So far away from the true time, from a moment on. In one go: nobody may find an empty file meanwhile."""
        unfinished = self._file.with_suffix(".new")
        unfinished.write_text(f"{seconds}\n", encoding="ascii")
        unfinished.replace(self._file)

    @property
    def environment(self) -> dict[str, str | None]:
        return {"PYTHONPATH": str(JUMPING), "JUMPING_CLOCK": str(self._file)}
