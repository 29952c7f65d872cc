"""From a cart to an order. The goods are held while the page is open, and however often it is sent, it is one order."""

from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from monolith.customers.selectors import PostalAddress, addresses_of, customer_of, postal_address
from monolith.customers.services import add_address
from monolith.errors import EmptyCart, OutOfStock, ShopError
from monolith.idempotency.errors import KeyReused
from monolith.idempotency.services import Answer, once
from monolith.orders import services as orders
from monolith.orders.selectors import CartSummary, cart_summary, status_of
from monolith.shipping.selectors import methods_to, shipping_cost
from monolith.storefront.forms import AddressForm, CheckoutForm
from monolith.storefront.pages import in_words, page

HELD_MINUTES = 15
PLACED = "Thank you! Your order is placed, and a confirmation is on its way by e-mail."
PENDING = "Thank you! We have your order. Whether it can be placed you see here in a moment, and get by e-mail."
TEST_CARDS = {
    "tok_visa": "is charged, as every other tok_… is",
    "tok_declined": "the bank says no",
    "tok_expired": "the card is too old",
}


class TotalChanged(ShopError):
    """A price, or without JavaScript the country, has changed after the customer saw the total."""

    status, code = 409, "total_changed"


class Choice(NamedTuple):
    """Where the goods go, how, and what that costs. The methods' costs are without tax."""

    country: str
    method: str
    methods: dict[str, Decimal]
    summary: CartSummary

    @property
    def seen_total(self) -> str:
        return f"{self.summary.total} {self.summary.currency}"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(customers_only=True, back="storefront:cart")
def checkout(request: HttpRequest) -> HttpResponse:
    basket = orders.cart_of(request.user)
    form, address_form = _forms(request)
    address = _valid_address(request, form, address_form)
    if address is None:
        return _checkout_page(request, basket, form, address_form)
    try:
        number = _place_once(request, basket, form, address)
    except (EmptyCart, OutOfStock, KeyReused):
        raise  # nothing on this page helps: back to the cart
    except ShopError as error:
        form.add_error(None, in_words(error))
        return _checkout_page(request, basket, form, address_form)
    messages.success(request, PENDING if status_of(number) == "pending" else PLACED)
    return redirect("storefront:order", number=number)


@never_cache
@require_POST
@page(customers_only=True, back="storefront:checkout")
def totals(request: HttpRequest) -> HttpResponse:
    """The parts of the page that depend on what is chosen in the form, for the script that puts them in."""
    form, _ = _forms(request)
    context = {"choice": _choice(orders.cart_of(request.user), form)}
    return render(request, "storefront/_checkout_parts.html", context)


def _forms(request: HttpRequest) -> tuple[CheckoutForm, AddressForm]:
    """Complaints are for who wants to order; who only asks for new totals gets back what she has typed so far."""
    customer, typed = customer_of(request.user), request.POST.dict()
    sent = request.POST if "place" in request.POST else None
    form = CheckoutForm(sent, addresses=addresses_of(customer).order_by("-is_default", "pk"), typed=typed)
    is_new = form["address"].value() == CheckoutForm.NEW
    address = {name: typed.get(f"new-{name}", "") for name in PostalAddress._fields} if typed else {}
    initial = {"recipient": customer.name, **address}
    return form, AddressForm(sent if is_new else None, prefix="new", initial=initial)


def _valid_address(request: HttpRequest, form: CheckoutForm, address_form: AddressForm) -> PostalAddress | None:
    if not form.is_valid():
        return None
    chosen = form.cleaned_data["address"]
    if chosen != CheckoutForm.NEW:
        return postal_address(customer_of(request.user), int(chosen))
    return address_form.postal_address if address_form.is_valid() else None


def _place_once(request: HttpRequest, basket: Any, form: CheckoutForm, address: PostalAddress) -> str:
    chosen = {name: form.cleaned_data[name] for name in ("card_token", "shipping_method", "pay")}

    def place() -> Answer:
        _check_seen_total(basket, form, address)
        order = orders.checkout(basket, address=address, **chosen)
        if form.cleaned_data["address"] == CheckoutForm.NEW and form.cleaned_data["keep_address"]:
            add_address(customer_of(request.user), address)
        return Answer(order.number, 201)

    sent = {**chosen, "address": address._asdict()}
    key = form.cleaned_data["key"]
    return once(place, user=request.user, key=key, scope="storefront.checkout", request=sent).body


def _check_seen_total(basket: Any, form: CheckoutForm, address: PostalAddress) -> None:
    choice = _choice(basket, form, address.country)
    if choice.summary.lines and choice.seen_total != form.cleaned_data["seen_total"]:
        raise TotalChanged("The total has changed since you saw it. Please look at it again before you order.")


def _checkout_page(request: HttpRequest, basket: Any, form: CheckoutForm, address_form: AddressForm) -> HttpResponse:
    held = orders.hold(basket, minutes=HELD_MINUTES)
    context = {
        "form": form,
        "address_form": address_form,
        "choice": _choice(basket, form),
        "held_minutes": HELD_MINUTES,
        "held": held,
        "test_cards": TEST_CARDS if settings.DEBUG else {},
    }
    return render(request, "storefront/checkout.html", context)


def _choice(basket: Any, form: CheckoutForm, country: str = "") -> Choice:
    """Where there is no such method to that country, the first one there is. Raises CannotShipThere."""
    country = country or form.country_so_far
    method, possible = form["shipping_method"].value(), methods_to(country)
    method = method if method in possible else possible[0]
    summary = cart_summary(basket, country=country, shipping_method=method)
    goods = summary.subtotal - summary.discount
    costs = {name: shipping_cost(country, name, goods, summary.currency) for name in possible}
    return Choice(country, method, costs, summary)
