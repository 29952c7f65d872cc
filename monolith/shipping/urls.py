from django.urls import path
from rest_framework.routers import SimpleRouter

from monolith.shipping.api import (
    OrderReturnsViewSet,
    OrderShipmentsViewSet,
    PackingListViewSet,
    ReturnViewSet,
    ShipmentViewSet,
)

router = SimpleRouter()
# Before the parcels, whose numbers would match it.
router.register("shipments/packing-list", PackingListViewSet, basename="packing-list")
router.register("shipments", ShipmentViewSet, basename="shipment")
router.register("returns", ReturnViewSet, basename="return")

urlpatterns = [
    path("orders/<slug:number>/ship/", OrderShipmentsViewSet.as_view({"post": "create"}), name="order-ship"),
    path("orders/<slug:number>/returns/", OrderReturnsViewSet.as_view({"post": "create"}), name="order-returns"),
    *router.urls,
]
