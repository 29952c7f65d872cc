from __future__ import annotations

from django.core.signals import setting_changed
from django.utils.module_loading import autodiscover_modules

from strangler.apps import KitAppConfig
from strangler.conf import settings


class CutoverConfig(KitAppConfig):
    default = True
    name = "strangler.cutover"
    label = "strangler_cutover"
    verbose_name = "Cutover"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        super().ready()
        from strangler.cutover import checks, override_checks  # noqa: F401  (register themselves)
        from strangler.cutover.backfilling import checks as backfill_checks  # noqa: F401
        from strangler.cutover.overrides import database_stages
        from strangler.cutover.pinning import stages_in_force
        from strangler.cutover.severing import checks as severing_checks  # noqa: F401
        from strangler.cutover.silent_writes import checks as silent_writes  # noqa: F401

        settings.stages_of_database = stages_in_force
        setting_changed.connect(database_stages.forget, dispatch_uid="strangler.cutover")
        autodiscover_modules("backfill", "parity", "gates")
