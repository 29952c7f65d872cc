"""What a RabbitMQ node must be told to run as any user, inside one folder, on the loopback interface only."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from devstack.ports import LOOPBACK
from devstack.secretfile import SecretFile, write_private

QUIET_ERLANG = "+sbwt none +sbwtdcpu none +sbwtdio none -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"
CONFIGURATION = """\
listeners.tcp.local = {address}:{port}
default_vhost = {vhost}
default_user = {user}
default_pass = {password}
default_user_tags.administrator = false
default_permissions.configure = .*
default_permissions.read = .*
default_permissions.write = .*
disk_free_limit.absolute = 50MB
log.console = true
log.console.level = info
log.file = false
"""


STOMP = """\
stomp.listeners.tcp.1 = {address}:{port}
stomp.default_vhost = {vhost}
"""


def write_configuration(
    root: Path, passwords: SecretFile, user: str, vhost: str, port: int, *, stomp_port: int | None = None
) -> None:
    """Write the files RabbitMQ reads at start. The account is created on the first start of an empty node only.

    With a `stomp_port` it speaks STOMP too, by the plugin that comes with it.
    """
    cookie = root / ".erlang.cookie"
    if not cookie.exists():
        write_private(cookie, secrets.token_hex(20))
        cookie.chmod(0o400)
    (root / "enabled_plugins").write_text("[rabbitmq_stomp].\n" if stomp_port else "[].\n", encoding="ascii")
    password = passwords.get_or_create(user)
    content = CONFIGURATION.format(address=LOOPBACK, port=port, vhost=vhost, user=user, password=password)
    if stomp_port:
        content += STOMP.format(address=LOOPBACK, port=stomp_port, vhost=vhost)
    write_private(root / "rabbitmq.conf", content)


def environment(root: Path, node: str, ports: Mapping[str, int]) -> dict[str, str]:
    """Return the variables for the server and for `rabbitmqctl`; nothing is read from /etc or the caller's home."""
    return {
        "HOME": str(root),
        "RUNNING_UNDER_SYSTEMD": "true",  # in the script: become Erlang instead of staying its parent
        "RABBITMQ_NODENAME": node,
        "RABBITMQ_MNESIA_BASE": str(root / "data"),
        "RABBITMQ_LOG_BASE": str(root / "log"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_CONFIG_FILE": str(root / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(root / "enabled_plugins"),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        "RABBITMQ_PID_FILE": str(root / "run" / "node.pid"),
        "RABBITMQ_DIST_PORT": str(ports["distribution"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": QUIET_ERLANG,
        "ERL_EPMD_PORT": str(ports["epmd"]),
        "ERL_EPMD_ADDRESS": LOOPBACK,
        "ERL_CRASH_DUMP": str(root / "log" / "erl_crash.dump"),
        "LC_ALL": "C.UTF-8",
    }
