import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from monolith.inventory.models import StockItem
from tests.unit.monolith.admin.conftest import url
from tests.unit.monolith.admin.rows import MAKE

pytestmark = pytest.mark.django_db

CONTEXTS = {"catalog", "customers", "inventory", "orders", "payments", "shipping", "notifications", "reporting"}
ADDED_BY_HAND = {"category", "product", "variant", "price", "warehouse", "stockitem", "transfer", "promotion"}
WITH_INLINES = [model for model in MAKE if admin.site._registry[model].get_inlines(None, model())]


def each(models):
    return pytest.mark.parametrize("model", models, ids=lambda model: model._meta.label)


def queries(desk, page):
    desk.get(page)  # what is cached per process, such as content types, is not this page's
    with CaptureQueriesContext(connection) as captured:
        assert desk.get(page).status_code == 200
    return len(captured)


def test_every_table_of_every_context_that_has_pages_is_tried_here():
    assert {model for model in admin.site._registry if model._meta.app_label in CONTEXTS} == set(MAKE)


def test_the_site_is_the_shops_own():
    assert admin.site.index_template == "backoffice/index.html"


@each(MAKE)
def test_list_search_and_detail_of_every_table_render(desk, model):
    row = MAKE[model](1)
    assert desk.get(url(model, "changelist"), {"q": "x"}).status_code == 200
    assert desk.get(url(model, "changelist")).context["cl"].result_count > 0
    assert desk.get(url(model, "change", row.pk)).status_code == 200


@each(MAKE)
def test_every_filter_and_every_level_of_dates_renders(desk, model):
    MAKE[model](1)
    rows = desk.get(url(model, "changelist")).context["cl"]
    for choice in [choice for spec in rows.filter_specs for choice in spec.choices(rows)]:
        assert desk.get(url(model, "changelist") + choice["query_string"]).status_code == 200
    if field := rows.date_hierarchy:
        assert desk.get(url(model, "changelist"), {f"{field}__year": timezone.now().year}).status_code == 200


@each(MAKE)
def test_every_add_page_renders_or_is_refused_where_only_services_add(desk, model):
    expected = 200 if model._meta.model_name in ADDED_BY_HAND else 403
    assert desk.get(url(model, "add")).status_code == expected


@each(MAKE)
def test_a_longer_table_takes_no_more_queries(desk, model):
    MAKE[model](2)
    few = queries(desk, url(model, "changelist"))
    for _ in range(3):
        MAKE[model](2)
    assert queries(desk, url(model, "changelist")) == few


@each(WITH_INLINES)
def test_a_row_with_more_to_it_takes_no_more_queries(desk, model):
    short, long = (url(model, "change", MAKE[model](lines).pk) for lines in (1, 4))
    assert inline_rows(desk, long) >= inline_rows(desk, short) + 3
    assert queries(desk, long) == queries(desk, short)


def inline_rows(desk, page):
    return sum(len(inline.formset.initial_forms) for inline in desk.get(page).context["inline_admin_formsets"])


def test_the_first_page_takes_no_more_queries_in_a_busy_shop(desk):
    def work():
        for make in MAKE.values():
            make(1)

    work()
    few = queries(desk, reverse("admin:index"))
    work()
    assert queries(desk, reverse("admin:index")) == few


@each(MAKE)
def test_nothing_is_deleted_by_hand(desk, model):
    row = MAKE[model](1)
    assert desk.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    desk.post(url(model, "changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert model.objects.filter(pk=row.pk).exists()


@each(MAKE)
def test_no_page_offers_a_dropdown_of_a_whole_table(desk, model):
    """A select of 50 000 customers is no page. Where rows of another table are chosen, one types."""
    for page in (url(model, "add"), url(model, "change", MAKE[model](1).pk)):
        answer = desk.get(page)
        if answer.status_code == 200:
            fields = answer.context["adminform"].form.fields.values()
            choosers = [field.widget.widget for field in fields if hasattr(field, "queryset")]
            assert all(type(widget).__name__ == "AutocompleteSelect" for widget in choosers)


def test_an_inline_of_thousands_shows_the_newest(desk):
    item = MAKE[StockItem](25)
    assert inline_rows(desk, url(StockItem, "change", item.pk)) == 40
