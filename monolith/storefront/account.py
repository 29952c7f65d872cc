"""Who is shopping: registration, log-in, and what a customer may change about herself."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django.views.generic import FormView

from monolith.customers import services
from monolith.customers.selectors import addresses_of, customer_of
from monolith.errors import EmailTaken, NotFound
from monolith.storefront.cart import take_what_waited
from monolith.storefront.forms import AddressForm, DetailsForm, LogInForm, RegistrationForm
from monolith.storefront.pages import first_error, in_words, page


@method_decorator(page(), "dispatch")
class LogInView(auth.LoginView):
    template_name = "storefront/log_in.html"
    authentication_form = LogInForm
    next_page = "storefront:catalogue"
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        take_what_waited(self.request)
        return answer


@method_decorator(page(), "dispatch")
class LogOutView(auth.LogoutView):
    """Takes POST only, so that no link of somebody else's can end a session."""

    next_page = "storefront:catalogue"


@method_decorator([sensitive_post_parameters(), csrf_protect, never_cache, page()], "dispatch")
class RegisterView(auth.RedirectURLMixin, FormView):
    """Like a log-in, it goes on to `next` where that is a page of this shop."""

    template_name = "storefront/register.html"
    form_class = RegistrationForm
    next_page = "storefront:catalogue"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, next=self.get_redirect_url())

    def form_valid(self, form: Form) -> HttpResponse:
        try:
            customer = services.register(**form.cleaned_data)
        except EmailTaken as error:
            form.add_error("email", in_words(error))
            return self.form_invalid(form)
        login(self.request, customer.user)
        take_what_waited(self.request)
        messages.success(self.request, f"Welcome, {customer.name}!")
        return redirect(self.get_success_url())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(customers_only=True)
def account(request: HttpRequest) -> HttpResponse:
    customer = customer_of(request.user)
    form = DetailsForm(request.POST or None, initial={"name": customer.name, "phone": customer.phone})
    if form.is_valid():
        services.change_customer(customer, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("storefront:account")
    addresses = addresses_of(customer).order_by("-is_default", "pk")
    context = {"customer": customer, "form": form, "addresses": addresses, "address_form": AddressForm()}
    return render(request, "storefront/account.html", context)


@require_POST
@page(customers_only=True, back="storefront:account")
def add_address(request: HttpRequest) -> HttpResponse:
    form = AddressForm(request.POST)
    if form.is_valid():
        services.add_address(customer_of(request.user), form.postal_address)
    else:
        messages.error(request, first_error(form))
    return redirect("storefront:account")


@require_POST
@page(customers_only=True, back="storefront:account")
def remove_address(request: HttpRequest, address_id: int) -> HttpResponse:
    address = addresses_of(customer_of(request.user)).filter(pk=address_id).first()
    if address is None:
        raise NotFound(f"You have no address {address_id}.")
    services.remove_address(address)
    return redirect("storefront:account")
