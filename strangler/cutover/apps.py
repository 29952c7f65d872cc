from __future__ import annotations

from strangler.apps import KitAppConfig


class CutoverConfig(KitAppConfig):
    default = True
    name = "strangler.cutover"
    label = "strangler_cutover"
    verbose_name = "Cutover"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        super().ready()
        from strangler.cutover import checks  # noqa: F401  (registers itself)
