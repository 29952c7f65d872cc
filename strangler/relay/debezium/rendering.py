"""Configurations as the text that a host reads."""

from __future__ import annotations

import json

from strangler.conf import CdcSettings
from strangler.relay.debezium.config import Properties


def properties_text(title: str, properties: Properties) -> str:
    """A section of a Java properties file, in which a backslash would begin an escape."""
    escaped = {name: value.replace("\\", "\\\\") for name, value in properties.items()}
    return f"# {title}\n" + "".join(f"{name}={value}\n" for name, value in escaped.items())


def connector_json(cdc: CdcSettings, properties: Properties) -> str:
    """What Connect's `POST /connectors` takes."""
    return json.dumps({"name": cdc.connector, "config": properties}, indent=2) + "\n"
