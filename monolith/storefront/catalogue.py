"""What there is to buy."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from monolith.catalog.selectors import categories, product_on_sale, products_on_sale
from monolith.inventory.selectors import availability
from monolith.storefront.pages import page

PRODUCTS_PER_PAGE = 24
LONGEST_SEARCH = 200


class Offer(NamedTuple):
    """A product or one of its variants, its lowest price, and how many units are left."""

    item: Any
    price: Any
    currency: str
    units: int
    several_prices: bool = False


@require_safe
@page()
def catalogue(request: HttpRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    category = request.GET.get("category", "")
    pages = Paginator(products_on_sale(search, category or None), PRODUCTS_PER_PAGE)
    shown = pages.get_page(request.GET.get("page"))
    context = {
        "search": search,
        "tree": category_tree(category),
        "page": shown,
        "page_numbers": pages.get_elided_page_range(shown.number, on_each_side=1, on_ends=1),
        "offers": offers_of_products(shown.object_list),
    }
    return render(request, "storefront/catalogue.html", context)


@require_safe
@page()
def product(request: HttpRequest, slug: str) -> HttpResponse:
    shown = product_on_sale(slug)
    offers = offers_of_variants(shown)
    buyable = [offer for offer in offers if offer.units > 0]
    context = {"product": shown, "offers": offers, "first_buyable": buyable[0] if buyable else None}
    return render(request, "storefront/product.html", context)


def offers_of_products(products: Iterable[Any]) -> list[Offer]:
    products = list(products)
    left = availability([variant.sku for product in products for variant in product.variants.all()])
    offers = []
    for product in products:
        variants = sorted(product.variants.all(), key=lambda variant: variant.price)
        cheapest = variants[0]
        units = sum(max(left[variant.sku], 0) for variant in variants)
        several_prices = cheapest.price != variants[-1].price
        offers.append(Offer(product, cheapest.price, cheapest.currency, units, several_prices))
    return offers


def offers_of_variants(product: Any) -> list[Offer]:
    variants = list(product.variants.all())
    left = availability([variant.sku for variant in variants])
    return [Offer(variant, variant.price, variant.currency, left[variant.sku]) for variant in variants]


def category_tree(chosen: str) -> dict[str, Any]:
    """Top categories with their children; those of the branch that is open."""
    everything = list(categories())
    current = next((category for category in everything if category.slug == chosen), None)
    top = [category for category in everything if category.parent_id is None]
    open_branch = current and (current.parent_id or current.pk)
    children = [category for category in everything if open_branch and category.parent_id == open_branch]
    return {"top": top, "children": children, "open_branch": open_branch, "current": current}
