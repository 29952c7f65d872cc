"""What all pages share: who may see them, how a refusal is shown, and what a browser may load for them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from monolith.errors import EmailTaken, IllegalTransition, NotACustomer, NotFound, ShopError
from monolith.idempotency.errors import KeyReused

View = Callable[..., HttpResponse]

# Everything comes from the shop itself and nothing stands inline, so that smuggled-in markup can't run.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        *("default-src 'self'", "object-src 'none'", "base-uri 'none'"),
        *("form-action 'self'", "frame-ancestors 'none'"),
    )
)

# These errors' own texts speak to programmers; everything else is shown in its own words.
IN_OTHER_WORDS: dict[type[ShopError], str] = {
    NotFound: "We can't find what you are looking for. It may be sold out for good, or the link is incomplete.",
    NotACustomer: "This account can't buy anything: it is not a customer's. Log out and register as a customer.",
    EmailTaken: "Somebody has registered with this e-mail address already. If it is you, log in.",
    IllegalTransition: "That is not possible any more: something has happened to this order meanwhile. See below.",
    KeyReused: "This order has been placed already, with other details. You find it under “My orders”.",
}


def in_words(error: ShopError) -> str:
    return IN_OTHER_WORDS.get(type(error)) or str(error)


def page(*, customers_only: bool = False, back: str = "") -> Callable[[View], View]:
    """A view whose refusals are shown instead of raised.

    `back` is the page to return to with the refusal in a message, for views that only take forms; the others show
    it as a page with the refusal's status. A visitor who has to log in first comes back to the page, not to the form.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if customers_only and not request.user.is_authenticated:
                came_from = reverse(back, kwargs=kwargs) if back else request.get_full_path()
                return redirect_to_login(came_from, reverse("storefront:log-in"))
            try:
                response = view(request, *args, **kwargs)
            except ShopError as error:
                response = _refused(request, error, back, kwargs)
            response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
            return response

        return guarded

    return decorate


def _refused(request: HttpRequest, error: ShopError, back: str, kwargs: dict[str, Any]) -> HttpResponse:
    if back and not isinstance(error, NotFound):
        messages.error(request, in_words(error))
        return redirect(back, **kwargs)
    return render(request, "storefront/refused.html", {"refusal": in_words(error), "error": error}, status=error.status)


def first_error(form: Any) -> str:
    """For a form without a page of its own."""
    return next(iter(form.errors.values()))[0]
