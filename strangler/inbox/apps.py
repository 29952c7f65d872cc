from __future__ import annotations

from django.utils.module_loading import autodiscover_modules

from strangler.apps import KitAppConfig


class InboxConfig(KitAppConfig):
    default = True
    name = "strangler.inbox"
    label = "strangler_inbox"
    verbose_name = "Inbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        super().ready()
        from strangler.inbox import checks  # noqa: F401  (registers itself)

        autodiscover_modules("handlers")
