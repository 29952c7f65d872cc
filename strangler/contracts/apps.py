from __future__ import annotations

from strangler.apps import KitAppConfig


class ContractsConfig(KitAppConfig):
    default = True
    name = "strangler.contracts"
    label = "strangler_contracts"
    verbose_name = "Contracts"
