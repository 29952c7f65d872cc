"""`python -m devstack.gateway --port 8090`: until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from threading import Thread

from devstack.gateway.bank import Bank
from devstack.gateway.server import Gateway


def main() -> None:
    options = _options()
    try:
        bank, token = Bank(options.journal), os.environ.get("GATEWAY_TOKEN", "")
        gateway = Gateway((options.host, options.port), bank, token=token)
    except (OSError, ValueError) as error:
        sys.exit(f"--host {options.host} --port {options.port} --journal {options.journal}: {error}")
    host, port = gateway.server_address[:2]
    print(f"http://{host!s}:{port}/", flush=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: Thread(target=gateway.shutdown).start())
    gateway.serve_forever(poll_interval=0.05)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m devstack.gateway", description="A card gateway that takes no money."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090, help="0: any that is free; its address is printed")
    parser.add_argument("--journal", type=Path, help="a file that it keeps what it knows in, and reads at its start")
    return parser.parse_args()


if __name__ == "__main__":
    main()
