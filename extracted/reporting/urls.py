from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from rest_framework.authtoken.views import obtain_auth_token

from extracted.reporting import api

admin.site.site_header = admin.site.site_title = "Reporting"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/health/", api.health, name="health"),
    path("api/token/", obtain_auth_token, name="token"),
    path("api/sales-by-day/", api.SalesByDayView.as_view(), name="sales-by-day"),
    path("api/top-products/", api.TopProductsView.as_view(), name="top-products"),
    path("api/top-customers/", api.TopCustomersView.as_view(), name="top-customers"),
    path("api/cohorts/", api.CohortsView.as_view(), name="cohorts"),
    path("api/stock-turnover/", api.StockTurnoverView.as_view(), name="stock-turnover"),
    path("strangler/", include("strangler.cutover.service.urls")),
]
