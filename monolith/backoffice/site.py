from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path


class BackOffice(admin.AdminSite):
    """Django's admin with today's figures on its first page, and the sales dashboard."""

    site_header = site_title = "Shop"
    index_title = "Back office"
    index_template = "backoffice/index.html"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        from monolith.backoffice.figures import figures_for  # reads models, which load after the site

        context = {
            "figures": figures_for(request.user),
            "may_see_sales": request.user.has_perm("reporting.view_dailysales"),
            **(extra_context or {}),
        }
        return super().index(request, context)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from monolith.backoffice.dashboard import sales_dashboard

        dashboard = path("reporting/dashboard/", self.admin_view(sales_dashboard), name="sales-dashboard")
        return [dashboard, *super().get_urls()]
