from django.urls import path

from monolith.storefront import account, cart, catalogue, checkout, orders

app_name = "storefront"
urlpatterns = [
    path("", catalogue.catalogue, name="catalogue"),
    path("products/<slug:slug>/", catalogue.product, name="product"),
    path("cart/", cart.cart, name="cart"),
    path("cart/add/", cart.add, name="add-to-cart"),
    path("cart/change/", cart.change, name="change-quantity"),
    path("cart/remove/", cart.remove, name="remove-from-cart"),
    path("cart/promotion/", cart.apply_promotion, name="apply-promotion"),
    path("cart/promotion/remove/", cart.remove_promotion, name="remove-promotion"),
    path("checkout/", checkout.checkout, name="checkout"),
    path("checkout/totals/", checkout.totals, name="totals"),
    path("orders/", orders.order_list, name="orders"),
    path("orders/<slug:number>/", orders.order, name="order"),
    path("orders/<slug:number>/status/", orders.status, name="order-status"),
    path("orders/<slug:number>/cancel/", orders.cancel, name="cancel-order"),
    path("orders/<slug:number>/return/", orders.request_return, name="request-return"),
    path("account/", account.account, name="account"),
    path("account/addresses/", account.add_address, name="add-address"),
    path("account/addresses/<int:address_id>/remove/", account.remove_address, name="remove-address"),
    path("log-in/", account.LogInView.as_view(), name="log-in"),
    path("log-out/", account.LogOutView.as_view(), name="log-out"),
    path("register/", account.RegisterView.as_view(), name="register"),
]
