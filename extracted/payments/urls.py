from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.routers import SimpleRouter

from extracted.payments import api

admin.site.site_header = admin.site.site_title = "Payments"

router = SimpleRouter()
router.register("payments", api.PaymentViewSet, basename="payment")
router.register("accounts", api.AccountViewSet, basename="account")
router.register("flags", api.FlagViewSet, basename="flag")

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/health/", api.health, name="health"),
    path("api/token/", obtain_auth_token, name="token"),
    path("api/", include(router.urls)),
    path("strangler/", include("strangler.cutover.service.urls")),
]
