from django.urls import path
from rest_framework.routers import SimpleRouter

from monolith.customers.api import AddressViewSet, MeViewSet, RegisterView, TokenView

router = SimpleRouter()
router.register("customers/me/addresses", AddressViewSet, basename="address")

urlpatterns = [
    path("customers/register/", RegisterView.as_view(), name="register"),
    path("customers/token/", TokenView.as_view(), name="token"),
    path("customers/me/", MeViewSet.as_view({"get": "retrieve", "patch": "partial_update"}), name="me"),
    *router.urls,
]
