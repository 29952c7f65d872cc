from decimal import Decimal
from typing import Any

from django import template

from monolith.orders.selectors import cart_size
from monolith.storefront.countries import country_name

register = template.Library()
register.filter("country_name", country_name)

SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}
# What things.svg has a drawing of; anything else comes in a parcel.
DRAWN = {"cookware", "tableware", "pantry", "furniture", "lighting", "textiles", "paper", "wear", "garden"}
TINTS = 8


@register.simple_tag
def money(amount: Decimal, currency: str) -> str:
    """€1,234.50, or CHF 1,234.50 where a sign would leave doubts."""
    sign = SIGNS.get(currency)
    return f"{sign}{amount:,.2f}" if sign else f"{currency} {amount:,.2f}"


@register.simple_tag(takes_context=True)
def units_in_cart(context: dict[str, Any]) -> int:
    return cart_size(context["request"].user)


@register.inclusion_tag("storefront/_artwork.html")
def artwork(product: Any) -> dict[str, Any]:
    """A picture for a catalogue that has none: a drawing of the kind of thing, in a tint of the product's own."""
    slug = product.category.slug
    return {"drawing": slug if slug in DRAWN else "parcel", "tint": product.pk % TINTS}
