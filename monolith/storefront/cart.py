"""What a customer means to buy. A visitor's first choice waits in the session until she has logged in."""

from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from monolith.errors import ShopError
from monolith.orders import services as orders
from monolith.orders.selectors import CartLine, cart_summary
from monolith.storefront.forms import LineForm, PromotionForm
from monolith.storefront.pages import first_error, in_words, page

WAITING = "waiting_for_log_in"


class Row(NamedTuple):
    line: CartLine
    units_left: int

    @property
    def problem(self) -> str:
        """What stands against buying this line, in the customer's words."""
        if not self.line.available:
            return "No longer on sale: remove it to go on."
        if self.units_left <= 0:
            return "Out of stock: remove it to go on."
        if self.units_left < self.line.quantity:
            return f"Only {self.units_left} left: lower the quantity to go on."
        return ""


@never_cache
@require_safe
@page(customers_only=True)
def cart(request: HttpRequest) -> HttpResponse:
    basket = orders.cart_of(request.user)
    summary = cart_summary(basket)
    rows = _rows(basket, summary.lines)
    context = {
        "summary": summary,
        "rows": rows,
        "may_check_out": rows and not any(row.problem for row in rows) and not summary.promotion_refused,
        "promotion_form": PromotionForm(),
    }
    return render(request, "storefront/cart.html", context)


@require_POST
@page(back="storefront:cart")
def add(request: HttpRequest) -> HttpResponse:
    form = LineForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("storefront:catalogue")
    if not request.user.is_authenticated:
        request.session[WAITING] = form.cleaned_data
        messages.info(request, "Log in or register, and it is in your cart.")
        return redirect(f"{reverse('storefront:log-in')}?next={reverse('storefront:cart')}")
    orders.add_to_cart(orders.cart_of(request.user), **form.cleaned_data)
    messages.success(request, "Added to your cart.")
    return redirect("storefront:cart")


@require_POST
@page(customers_only=True, back="storefront:cart")
def change(request: HttpRequest) -> HttpResponse:
    form = LineForm(request.POST)
    if form.is_valid():
        orders.change_quantity(orders.cart_of(request.user), **form.cleaned_data)
    else:
        messages.error(request, first_error(form))
    return redirect("storefront:cart")


@require_POST
@page(customers_only=True, back="storefront:cart")
def remove(request: HttpRequest) -> HttpResponse:
    orders.remove_from_cart(orders.cart_of(request.user), request.POST.get("sku", ""))
    return redirect("storefront:cart")


@require_POST
@page(customers_only=True, back="storefront:cart")
def apply_promotion(request: HttpRequest) -> HttpResponse:
    form = PromotionForm(request.POST)
    if form.is_valid():
        orders.apply_promotion(orders.cart_of(request.user), form.cleaned_data["code"])
    else:
        messages.error(request, first_error(form))
    return redirect("storefront:cart")


@require_POST
@page(customers_only=True, back="storefront:cart")
def remove_promotion(request: HttpRequest) -> HttpResponse:
    orders.remove_promotion(orders.cart_of(request.user))
    return redirect("storefront:cart")


def take_what_waited(request: HttpRequest) -> None:
    """Called right after a log-in. What can't be bought any more is said, not raised: the log-in itself was fine."""
    wanted = request.session.pop(WAITING, None)
    if wanted is None:
        return
    try:
        orders.add_to_cart(orders.cart_of(request.user), **wanted)
    except ShopError as error:
        messages.error(request, in_words(error))


def _rows(basket: Any, lines: list[CartLine]) -> list[Row]:
    left = orders.units_left(basket, [line.sku for line in lines])
    return [Row(line, left[line.sku]) for line in lines]
