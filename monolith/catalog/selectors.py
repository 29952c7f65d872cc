from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import Case, Exists, F, FloatField, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Now

from monolith.catalog.models import Category, Price, Product, Variant
from monolith.errors import NotFound


def with_prices(variants: QuerySet[Variant], at: datetime | None = None) -> QuerySet[Variant]:
    """Adds `price` and `currency`, those in force at that moment (now); both None where there is no price yet."""
    in_force = Price.objects.filter(variant=OuterRef("pk"), valid_from__lte=at or Now()).order_by("-valid_from")
    return variants.annotate(
        price=Subquery(in_force.values("amount")[:1]), currency=Subquery(in_force.values("currency")[:1])
    )


def variants_on_sale() -> QuerySet[Variant]:
    return _variants().filter(active=True, product__active=True, price__isnull=False)


def is_on_sale(variant: Variant) -> bool:
    """For a variant these selectors returned: it has to carry its `price`."""
    return variant.active and variant.product.active and variant.price is not None


def products_on_sale(search: str = "", category: str | None = None) -> QuerySet[Product]:
    """Products with something to buy, with `variants` (only those on sale) prefetched, each with its `price`.

    `category` is a slug and includes the categories below it. `search` takes what people type into search engines
    ("red -chair", "or", quotes) or a SKU; the best match comes first.
    """
    for_sale = with_prices(Variant.objects.filter(active=True)).filter(price__isnull=False)
    products = Product.objects.filter(Exists(for_sale.filter(product=OuterRef("pk"))), active=True)
    products = products.defer("search").select_related("category").prefetch_related(Prefetch("variants", for_sale))
    if category:
        products = products.filter(category__in=_with_children(category))
    words = _without_nul(search).strip()
    return _matching(products, words) if words else products


def product_on_sale(slug: str) -> Product:
    """Raises NotFound."""
    product = products_on_sale().filter(slug=_without_nul(slug)).first()
    if product is None:
        raise NotFound(f"There is no product {slug!r} on sale; GET /api/products/ lists them.")
    return product


def variant_on_sale(sku: str) -> Variant:
    """Raises NotFound."""
    variant = variants_on_sale().filter(sku=_without_nul(sku)).first()
    if variant is None:
        raise NotFound(f"There is no product on sale with SKU {sku!r}; GET /api/products/ lists them.")
    return variant


def variants_by_sku(skus: Iterable[str]) -> dict[str, Variant]:
    """Those taken off sale too: whoever sells must ask `is_on_sale`."""
    return {variant.sku: variant for variant in _variants().filter(sku__in=list(skus))}


def variants_by_id(ids: Iterable[int]) -> dict[int, Variant]:
    """Those taken off sale too: whoever sells must ask `is_on_sale`."""
    return {variant.pk: variant for variant in _variants().filter(pk__in=list(ids))}


def categories() -> QuerySet[Category]:
    return Category.objects.select_related("parent")


def _variants() -> QuerySet[Variant]:
    return with_prices(Variant.objects.select_related("product").defer("product__search"))


def _with_children(slug: str) -> list[int]:
    """The category and all below it; few enough to look at them all. An unknown one contains nothing."""
    tree = list(Category.objects.order_by().values_list("pk", "slug", "parent_id"))
    found = {pk for pk, its_slug, _ in tree if its_slug == slug}
    while below := {pk for pk, _, parent in tree if parent in found} - found:
        found |= below
    return sorted(found)


def _matching(products: QuerySet[Product], words: str) -> QuerySet[Product]:
    query = SearchQuery(words, search_type="websearch", config="english")
    by_sku = Variant.objects.filter(sku__in=[words, words.upper()], active=True).values("product")
    by_text = Product.objects.filter(search=query).order_by().values("pk")
    # A union, because an OR over two tables would use neither of the two indexes.
    found = products.filter(pk__in=by_text.union(by_sku.order_by()))
    is_the_sku = Case(When(Q(pk__in=by_sku), then=Value(1.0)), default=Value(0.0))  # a rank is less than 1
    # Double precision: pages continue after a rank that was read, and a float4 doesn't compare equal to it.
    rank = Cast(SearchRank(F("search"), query), FloatField()) + Cast(is_the_sku, FloatField())
    return found.annotate(rank=rank).order_by("-rank", "name", "slug")


def _without_nul(text: str) -> str:
    """PostgreSQL knows no NUL character, and nobody's words or SKUs contain one."""
    return text.replace("\x00", " ")
