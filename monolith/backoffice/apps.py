from django.apps import AppConfig
from django.contrib.admin import apps as admin


class BackOfficeConfig(AppConfig):
    """The frame around the contexts' admin pages. Not a context: it owns no tables and no events."""

    name = "monolith.backoffice"
    label = "backoffice"
    default = True


class ShopAdminConfig(admin.AdminConfig):
    """Django's admin, with the shop's site in the place of the default one: `admin.site` is ours."""

    default = False
    default_site = "monolith.backoffice.site.BackOffice"
