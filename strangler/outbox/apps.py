from __future__ import annotations

from django.utils.module_loading import autodiscover_modules

from strangler.apps import KitAppConfig


class OutboxConfig(KitAppConfig):
    default = True
    name = "strangler.outbox"
    label = "strangler_outbox"
    verbose_name = "Outbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        super().ready()
        from strangler.outbox import checks  # noqa: F401  (registers itself)

        autodiscover_modules("events")
