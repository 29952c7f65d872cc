from django.urls import path
from rest_framework.routers import SimpleRouter

from monolith.orders.api import OrderViewSet
from monolith.orders.cart_api import (
    CartHoldView,
    CartItemsView,
    CartItemView,
    CartPromotionView,
    CartView,
    CheckoutView,
)

router = SimpleRouter()
router.register("orders", OrderViewSet, basename="order")

urlpatterns = [
    path("cart/", CartView.as_view(), name="cart"),
    path("cart/items/", CartItemsView.as_view(), name="cart-items"),
    path("cart/items/<slug:sku>/", CartItemView.as_view(), name="cart-item"),
    path("cart/promotion/", CartPromotionView.as_view(), name="cart-promotion"),
    path("cart/hold/", CartHoldView.as_view(), name="cart-hold"),
    path("cart/checkout/", CheckoutView.as_view(), name="checkout"),
    *router.urls,
]
