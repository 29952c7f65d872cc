from __future__ import annotations

from django.utils.module_loading import autodiscover_modules

from strangler.apps import KitAppConfig


class EventStoreConfig(KitAppConfig):
    default = True
    name = "strangler.eventstore"
    label = "strangler_eventstore"
    verbose_name = "Event store"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        super().ready()
        from strangler.eventstore import checks  # noqa: F401  (registers itself)

        autodiscover_modules("streams", "projections")
