"""Why a balance is as it is."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from extracted.payments.admin.pages import ReadOnly, table
from extracted.payments.models import LedgerAccount, LedgerPosting, PaymentView
from extracted.payments.selectors import postings

PAGE = 100


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnly):
    """Balances of an event sum to nothing, and so do those of all accounts of a currency."""

    list_display = ["account", "currency", "balance", "number_of_postings"]
    list_filter = ["currency"]
    fields = ["account", "currency", "balance", "number_of_postings", "why"]
    readonly_fields = fields

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> LedgerAccount | None:
        found: LedgerAccount | None = super().get_object(request, object_id, from_field)
        if found is not None:
            before = request.GET.get("before", "")
            found.before = int(before) if before.isdigit() else None
        return found

    @admin.display(description="postings", ordering="postings")
    def number_of_postings(self, account: LedgerAccount) -> int:
        return account.postings

    @admin.display(description="the postings that make it")
    def why(self, account: LedgerAccount) -> SafeString:
        found = postings(account, before=getattr(account, "before", None), size=PAGE)
        pages = dict(
            PaymentView.objects.filter(order_number__in={each.order_number for each in found}).values_list(
                "order_number", "pk"
            )
        )
        rows = (
            (each.entered_at, _link(each, pages), each.event.partition(".")[2], each.amount, each.after)
            for each in found
        )
        heads = ("entered at", "payment", "event", "amount", "balance after it")
        older = format_html('<p><a href="?before={}">older</a></p>', found[-1].pk) if len(found) == PAGE else ""
        return format_html("{}{}", table(heads, rows, empty="None before that."), older)


@admin.register(LedgerPosting)
class LedgerPostingAdmin(ReadOnly):
    list_display = ["entered_at", "order_number", "event", "account", "amount", "currency"]
    list_filter = ["account", "currency", "entered_at"]
    search_fields = ["^order_number"]


def _link(posting: LedgerPosting, pages: dict[str, int]) -> SafeString | str:
    pk = pages.get(posting.order_number)
    if pk is None:
        return posting.order_number
    return format_html(
        '<a href="{}">{}</a>', reverse("admin:payments_paymentview_change", args=[pk]), posting.order_number
    )
