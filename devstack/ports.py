"""TCP ports on the loopback interface."""

import socket

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port nobody listens on now. Another process may take it first: who binds it must be ready to retry."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: lingering connections don't count
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def accepts_connections(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False


def kept_port(wanted: int | None, remembered: int | None) -> int:
    """Return the wanted port, else the one used last time while it is still free, else any free one."""
    if wanted is not None:
        return wanted
    if remembered is not None and is_free(remembered):
        return remembered
    return free_port()
