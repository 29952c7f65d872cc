from django.urls import path

from monolith.customers.api import AddressesView, MeView, RegisterView, TokenView

urlpatterns = [
    path("customers/register/", RegisterView.as_view(), name="register"),
    path("customers/token/", TokenView.as_view(), name="token"),
    path("customers/me/", MeView.as_view(), name="me"),
    path("customers/me/addresses/", AddressesView.as_view(), name="addresses"),
]
