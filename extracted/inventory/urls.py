from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.routers import SimpleRouter

from extracted.inventory import api

admin.site.site_header = admin.site.site_title = "Inventory"

router = SimpleRouter()
router.register("warehouses", api.WarehouseViewSet, basename="warehouse")
router.register("stock", api.StockViewSet, basename="stock")
router.register("reservations", api.ReservationViewSet, basename="reservation")

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/health/", api.health, name="health"),
    path("api/token/", obtain_auth_token, name="token"),
    re_path(r"^api/availability/?$", api.AvailabilityView.as_view(), name="availability"),
    re_path(r"^api/adjustments/?$", api.AdjustmentView.as_view(), name="adjustments"),
    re_path(r"^api/holds/?$", api.HoldView.as_view(), name="holds"),
    path("api/", include(router.urls)),
    path("strangler/", include("strangler.cutover.service.urls")),
]
