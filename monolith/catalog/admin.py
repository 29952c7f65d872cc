from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from monolith.backoffice.pages import Link, NeverDeleted, Newest, ReadOnly, ServiceAdmin, action, page, rows_of
from monolith.catalog import services
from monolith.catalog.models import Category, Price, Product, Variant
from monolith.catalog.selectors import with_prices


@admin.display(description="price", ordering="price")
def price_now(variant: Variant) -> str:
    return "none yet" if variant.price is None else f"{variant.price} {variant.currency}"


@admin.register(Category)
class CategoryAdmin(NeverDeleted, ServiceAdmin):
    list_display = ["name", "slug", "parent"]
    list_filter = [("parent", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["parent"]
    search_fields = ["name", "slug"]
    autocomplete_fields = ["parent"]
    prepopulated_fields = {"slug": ["name"]}

    def get_prepopulated_fields(self, request: HttpRequest, obj: Category | None = None) -> dict[str, Any]:
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Category | None = None) -> list[str]:
        """Addresses on the web and events name a category by its slug."""
        return ["slug"] if obj else []

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        if change:
            services.rename_category(obj, obj.name)
        super().save_model(request, obj, form, change)

    def links(self, row: Category) -> list[Link]:
        return [rows_of("Products", "catalog.product", category__id__exact=row.pk)]


class VariantInline(ReadOnly, admin.TabularInline):
    """To look at, and to go on from: what a variant costs and whether it is on sale is decided on its own page."""

    model = Variant
    fields = ["sku", "name", price_now, "weight_grams", "active"]
    readonly_fields = [price_now]
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        return with_prices(super().get_queryset(request))


@admin.register(Product)
class ProductAdmin(NeverDeleted, ServiceAdmin):
    list_display = ["name", "slug", "category", "tax_class", "active", "updated_at"]
    list_filter = ["active", "tax_class", "category"]
    list_select_related = ["category"]
    search_fields = ["name", "slug", "variants__sku"]
    date_hierarchy = "created_at"
    autocomplete_fields = ["category"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [VariantInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return super().get_queryset(request).defer("search")

    def get_prepopulated_fields(self, request: HttpRequest, obj: Product | None = None) -> dict[str, Any]:
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> list[str]:
        return ["slug", "created_at", "updated_at"] if obj else []

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        before = services.offers(obj)
        super().save_model(request, obj, form, change)
        services.publish_changes(obj, before)

    def links(self, row: Product) -> list[Link]:
        return [page("Add variant", "catalog.add_variant", "catalog_variant_add", product=row.pk)]


class PriceInline(ReadOnly, admin.TabularInline):
    """What the variant cost and will cost. A new price is a row more, never another number in an old one."""

    model = Price
    formset = Newest
    verbose_name_plural = "prices, the newest first"


@admin.register(Variant)
class VariantAdmin(NeverDeleted, ServiceAdmin):
    list_display = ["sku", "product", "name", price_now, "weight_grams", "active"]
    list_filter = ["active", "product__category"]
    search_fields = ["^sku", "name", "product__name"]
    date_hierarchy = "product__created_at"
    autocomplete_fields = ["product"]
    inlines = [PriceInline]
    actions = ["withdraw", "put_on_sale"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        return with_prices(super().get_queryset(request).select_related("product").defer("product__search"))

    def get_fields(self, request: HttpRequest, obj: Variant | None = None) -> list[Any]:
        return ["product", "sku", "name", "weight_grams", *([price_now, "active"] if obj else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Variant | None = None) -> list[Any]:
        return ["product", "sku", price_now, "active"] if obj else []

    def save_model(self, request: HttpRequest, obj: Variant, form: Any, change: bool) -> None:
        before = services.offers(obj.product)
        super().save_model(request, obj, form, change)
        services.publish_changes(obj.product, before)

    def links(self, row: Variant) -> list[Link]:
        return [
            page("Change price", "catalog.add_price", "catalog_price_add", variant=row.pk),
            rows_of("Stock", "inventory.stockitem", sku__exact=row.sku),
        ]

    @action("Withdraw: nobody can buy it any more", needs="catalog.change_variant")
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Variant]) -> None:
        self.apply(request, queryset, lambda variant: services.withdraw(variant.sku), "Withdrawn")

    @action("Put on sale", needs="catalog.change_variant")
    def put_on_sale(self, request: HttpRequest, queryset: QuerySet[Variant]) -> None:
        self.apply(request, queryset, lambda variant: services.put_on_sale(variant.sku), "Put on sale")


class PriceForm(forms.ModelForm):
    amount = forms.DecimalField(max_digits=12, decimal_places=2, min_value=Decimal("0.01"), help_text="without tax")
    valid_from = forms.SplitDateTimeField(
        required=False, widget=admin.widgets.AdminSplitDateTime, help_text="UTC. Empty: at once."
    )


@admin.register(Price)
class PriceAdmin(ReadOnly, ServiceAdmin):
    """Adding a price changes what the variant costs; a price that was asked once is never changed."""

    form = PriceForm
    list_display = ["variant", "amount", "currency", "valid_from"]
    list_filter = ["currency", "valid_from"]
    list_select_related = ["variant"]
    search_fields = ["^variant__sku", "variant__product__name"]
    date_hierarchy = "valid_from"
    autocomplete_fields = ["variant"]

    def has_add_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        return request.user.has_perm("catalog.add_price")

    def get_fields(self, request: HttpRequest, obj: Price | None = None) -> list[str]:
        return ["variant", "amount", "currency", "valid_from"] if obj else ["variant", "amount", "valid_from"]

    def get_readonly_fields(self, request: HttpRequest, obj: Price | None = None) -> list[str]:
        return super().get_readonly_fields(request, obj) if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_changeform_initial_data(request), "valid_from": None}

    def save_model(self, request: HttpRequest, obj: Price, form: Any, change: bool) -> None:
        asked = form.cleaned_data
        price = services.change_price(asked["variant"].sku, asked["amount"], valid_from=asked["valid_from"])
        obj.pk, obj.currency, obj.valid_from = price.pk, price.currency, price.valid_from
