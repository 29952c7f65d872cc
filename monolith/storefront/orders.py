"""What became of an order. The status page asks for its own news every two seconds, until there can't be any."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from monolith.customers.selectors import customer_of
from monolith.errors import NotFound
from monolith.orders import services
from monolith.orders.selectors import order_visible_to, orders_visible_to
from monolith.payments.selectors import find_payment
from monolith.shipping import services as shipping
from monolith.shipping.selectors import returnable, returns_visible_to, shipments_visible_to
from monolith.storefront.forms import CancelForm, ReturnForm
from monolith.storefront.pages import first_error, page
from monolith.storefront.progress import progress_of, version_of

ORDERS_PER_PAGE = 20
POLL_SECONDS = 2


@never_cache
@require_safe
@page(customers_only=True)
def order_list(request: HttpRequest) -> HttpResponse:
    mine = orders_visible_to(request.user).filter(customer=customer_of(request.user))
    pages = Paginator(mine, ORDERS_PER_PAGE)
    shown = pages.get_page(request.GET.get("page"))
    numbers = pages.get_elided_page_range(shown.number, on_each_side=1, on_ends=1)
    return render(request, "storefront/orders.html", {"page": shown, "page_numbers": numbers})


@never_cache
@require_safe
@page(customers_only=True)
def order(request: HttpRequest, number: str) -> HttpResponse:
    return render(request, "storefront/order.html", _status(request, _own_order(request, number)))


@never_cache
@require_safe
@page(customers_only=True)
def status(request: HttpRequest, number: str) -> HttpResponse:
    """The part of the order's page that changes by itself, for the script that puts it in."""
    return render(request, "storefront/_order_status.html", _status(request, _own_order(request, number)))


@require_POST
@page(customers_only=True, back="storefront:order")
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    form = CancelForm(request.POST)
    if form.is_valid():
        reason = form.cleaned_data["reason"] or "cancelled by the customer"
        services.cancel_order(_own_order(request, number), reason)
        messages.success(request, "The order is cancelled, and your money is on its way back.")
    else:
        messages.error(request, first_error(form))
    return redirect("storefront:order", number=number)


@require_POST
@page(customers_only=True, back="storefront:order")
def request_return(request: HttpRequest, number: str) -> HttpResponse:
    shown = _own_order(request, number)
    form = _return_form(shown, request.POST)
    if form.is_valid():
        shipping.request_return(shown, form.quantities, form.cleaned_data["reason"])
        messages.success(request, "The return is announced. You get your money back as soon as the goods are here.")
    else:
        messages.error(request, first_error(form))
    return redirect("storefront:order", number=number)


def _own_order(request: HttpRequest, number: str) -> Any:
    """Staff may see every order in the back office, but here it is only one's own. Raises NotFound, NotACustomer."""
    customer = customer_of(request.user)
    found = order_visible_to(request.user, number)
    if found.customer_id != customer.pk:
        raise NotFound(f"You have no order {number}.")
    return found


def _status(request: HttpRequest, shown: Any) -> dict[str, Any]:
    shipments = list(shipments_visible_to(request.user).filter(order=shown).order_by("pk"))
    returns = list(returns_visible_to(request.user).filter(order=shown).order_by("pk"))
    payment = find_payment(shown.number)
    form = _return_form(shown)
    return {
        "order": shown,
        "shipments": shipments,
        "returns": returns,
        "payment": payment,
        "progress": progress_of(shown, returns),
        "version": version_of(shown, shipments, returns, payment),
        "may_cancel": shown.status != shown.Status.PENDING and shown.may_become(shown.Status.CANCELLED),
        "return_form": form if form.quantity_fields and shown.status != shown.Status.COMPLETED else None,
        "poll_milliseconds": POLL_SECONDS * 1000,
    }


def _return_form(shown: Any, data: Any = None) -> ReturnForm:
    names = {line.sku: line.name for line in shown.lines.all()}
    return ReturnForm(data, returnable=returnable(shown), names=names)
