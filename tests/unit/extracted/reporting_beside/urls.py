from django.urls import include, path

urlpatterns = [
    path("service/", include("extracted.reporting.urls")),
    path("", include("monolith.urls")),
]
