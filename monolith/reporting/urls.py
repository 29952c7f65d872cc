from django.urls import path

from monolith.reporting.api import SalesView, TodayView, TopProductsView

urlpatterns = [
    path("reports/today/", TodayView.as_view(), name="report-today"),
    path("reports/sales/", SalesView.as_view(), name="report-sales"),
    path("reports/top-products/", TopProductsView.as_view(), name="report-top-products"),
]
