"""`python -m devstack.contracts` brings contracts/ up to date: first the shop, then each service, as itself."""

from __future__ import annotations

import os
import subprocess
import sys

from devstack.topology_map import PROJECTS, ROOT


def main() -> int:
    for settings in PROJECTS:
        env = {"SECRET_KEY": "unused", "DATABASE_URL": "postgresql:///x", "DJANGO_SETTINGS_MODULE": settings}
        command = [sys.executable, "-m", "django", "contracts", "export"]
        print(settings, flush=True)
        done = subprocess.run(command, env={**os.environ, **env}, cwd=ROOT, check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
