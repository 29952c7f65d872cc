"""A clock that jumps while its process runs: libfaketime, where it is installed. Monotonic time goes on as it was."""

from pathlib import Path

PLACES = ("/usr/lib/*-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib*/faketime/libfaketimeMT.so.1")
HOW_TO_GET_IT = "apt-get install libfaketime"


def find() -> Path | None:
    return next((found for place in PLACES for found in sorted(Path("/").glob(place[1:]))), None)


class Clock:
    """The wall clock of one program, in seconds away from the true one."""

    def __init__(self, library: Path, file: Path) -> None:
        self._library, self._file = library, file
        self.jump(0)

    def jump(self, seconds: int) -> None:
        """In one go: a process that looks meanwhile must not find an empty file."""
        unfinished = self._file.with_suffix(".new")
        unfinished.write_text(f"{seconds:+d}\n", encoding="ascii")
        unfinished.replace(self._file)

    @property
    def environment(self) -> dict[str, str | None]:
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
