from __future__ import annotations

from strangler.apps import KitAppConfig


class RelayConfig(KitAppConfig):
    default = True
    name = "strangler.relay"
    label = "strangler_relay"
    verbose_name = "Relay"
