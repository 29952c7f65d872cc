"""Stop what still runs from a folder: `python -m devstack.stop .local`. Normally nothing does."""

import contextlib
import os
import signal
import sys
from pathlib import Path

import psutil

from devstack.runfile import RunFile, wait_until_gone

PATIENCE_SECONDS = 30


def stop_all(folder: Path) -> list[str]:
    """End every supervised program whose run file lies below `folder`; first those who own them, as Ctrl-C would.

    Returns the names of the programs that were left for us to stop.
    """
    run_files = [RunFile(path) for path in sorted(folder.rglob("run/*.pid"))]
    owners = {owner for run_file in run_files if (owner := run_file.owner()) and owner.pid != os.getpid()}
    for owner in owners:
        with contextlib.suppress(psutil.NoSuchProcess):
            owner.send_signal(signal.SIGINT)
    for owner in owners:
        wait_until_gone(owner, PATIENCE_SECONDS)
    return [run_file.path.stem for run_file in run_files if run_file.stop(PATIENCE_SECONDS)]


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m devstack.stop FOLDER")
    for name in stop_all(Path(sys.argv[1])):
        print(f"stopped {name}")


if __name__ == "__main__":
    main()
