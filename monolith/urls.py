from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from monolith.api import health

admin.site.site_header = admin.site.site_title = "Shop"

CONTEXTS = ("catalog", "customers", "orders", "inventory", "payments", "notifications")

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/health/", health, name="health"),
    *(path("api/", include(f"monolith.{context}.urls")) for context in CONTEXTS),
]
