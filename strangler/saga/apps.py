from __future__ import annotations

from django.utils.module_loading import autodiscover_modules

from strangler.apps import KitAppConfig


class SagaConfig(KitAppConfig):
    default = True
    name = "strangler.saga"
    label = "strangler_saga"
    verbose_name = "Sagas"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        super().ready()
        from strangler.saga import checks  # noqa: F401  (registers itself)

        autodiscover_modules("sagas")
