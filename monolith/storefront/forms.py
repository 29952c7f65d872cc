"""Forms check what a browser sends; whether it can be done is for the services to say."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password

from monolith.customers.selectors import PostalAddress
from monolith.storefront.countries import COUNTRIES, HOME

MOST_UNITS = 999


class LineForm(forms.Form):
    sku = forms.CharField(max_length=40)
    quantity = forms.IntegerField(
        min_value=1,
        max_value=MOST_UNITS,
        error_messages={"required": "How many?", "invalid": "The quantity must be a whole number."},
    )


class PromotionForm(forms.Form):
    code = forms.CharField(
        label="Promotion code",
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": "Type in a code."},
    )


class LogInForm(AuthenticationForm):
    """A customer's username is her e-mail address in lower case."""

    username = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    error_messages = {
        "invalid_login": "E-mail address and password don't belong together.",
        "inactive": "This account is closed.",
    }

    def clean_username(self) -> str:
        return self.cleaned_data["username"].lower()


class RegistrationForm(forms.Form):
    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label="E-mail",
        max_length=150,  # it becomes the username, which has that length
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        strip=False,
        max_length=128,
        validators=[validate_password],
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 8 characters, and not one of the common ones.",
    )


class DetailsForm(forms.Form):
    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    phone = forms.CharField(max_length=40, required=False, widget=forms.TextInput(attrs={"autocomplete": "tel"}))


def _address_field(length: int, autocomplete: str, **options: Any) -> forms.CharField:
    return forms.CharField(
        max_length=length, widget=forms.TextInput(attrs={"autocomplete": f"shipping {autocomplete}"}), **options
    )


class AddressForm(forms.Form):
    recipient = _address_field(200, "name")
    street = _address_field(200, "street-address", label="Street and number")
    postal_code = _address_field(20, "postal-code")
    city = _address_field(100, "address-level2")
    country = forms.ChoiceField(
        choices=COUNTRIES.items(),
        initial=HOME,
        widget=forms.Select(attrs={"autocomplete": "shipping country"}),
    )

    @property
    def postal_address(self) -> PostalAddress:
        return PostalAddress(**{name: self.cleaned_data[name] for name in PostalAddress._fields})


class CheckoutForm(forms.Form):
    """Everything but the new address, which is a form of its own: it is asked for only where it is chosen.

    `typed` is what a browser has sent so far, and not for good yet.
    """

    NEW = "new"

    key = forms.CharField(max_length=40, widget=forms.HiddenInput)
    seen_total = forms.CharField(max_length=30, required=False)
    address = forms.ChoiceField(widget=forms.RadioSelect)
    keep_address = forms.BooleanField(label="Remember this address", required=False)
    shipping_method = forms.ChoiceField(choices=[("standard", "Standard"), ("express", "Express")])
    pay = forms.ChoiceField(
        label="When to pay",
        choices=[("now", "Now"), ("on_shipment", "When the goods leave the warehouse")],
        widget=forms.RadioSelect,
    )
    card_token = forms.CharField(
        label="Card", max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, *args: Any, addresses: Iterable[Any], typed: dict[str, str], **kwargs: Any) -> None:
        self.addresses = {str(address.pk): address for address in addresses}
        initial = {
            "key": str(uuid4()),
            "address": next(iter(self.addresses), self.NEW),
            "shipping_method": "standard",
            "pay": "now",
            **typed,
            "keep_address": "keep_address" in typed if typed else True,
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.typed_country = typed.get("new-country", "")
        self.fields["address"].choices = [
            *((key, str(address)) for key, address in self.addresses.items()),
            (self.NEW, "Another address" if self.addresses else "A new address"),
        ]

    @property
    def country_so_far(self) -> str:
        """Of the address chosen, however unfinished the rest of the form is."""
        if known := self.addresses.get(self["address"].value()):
            return known.country
        return self.typed_country if self.typed_country in COUNTRIES else HOME


class CancelForm(forms.Form):
    reason = forms.CharField(max_length=200, required=False)


class ReturnForm(forms.Form):
    """One quantity per SKU that can come back."""

    reason = forms.CharField(max_length=200, error_messages={"required": "Tell us why you return it."})

    def __init__(self, *args: Any, returnable: dict[str, int], names: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for sku, most in returnable.items():
            self.fields[f"quantity-{sku}"] = forms.IntegerField(
                label=names[sku], min_value=0, max_value=most, initial=0, required=False
            )

    @property
    def quantity_fields(self) -> list[Any]:
        return [field for field in self if field.name.startswith("quantity-")]

    @property
    def quantities(self) -> dict[str, int]:
        chosen = {name: value for name, value in self.cleaned_data.items() if name.startswith("quantity-") and value}
        return {name.removeprefix("quantity-"): quantity for name, quantity in chosen.items()}
