from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.routers import SimpleRouter

from extracted.notifications.api import EmailViewSet, health

admin.site.site_header = admin.site.site_title = "Notifications"

router = SimpleRouter()
router.register("emails", EmailViewSet, basename="email")

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/health/", health, name="health"),
    path("api/token/", obtain_auth_token, name="token"),
    path("api/", include(router.urls)),
]
