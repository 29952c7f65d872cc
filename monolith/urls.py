from django.contrib import admin
from django.urls import include, path

from monolith.api import health

handler400 = "monolith.api.problems.bad_request"
handler404 = "monolith.api.problems.page_not_found"

CONTEXTS = ("catalog", "customers", "orders", "inventory", "payments", "shipping", "notifications", "reporting")

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/health/", health, name="health"),
    *(path("api/", include(f"monolith.{context}.urls")) for context in CONTEXTS),
    path("api/", include("monolith.api.urls")),
    path("", include("monolith.storefront.urls")),
]
