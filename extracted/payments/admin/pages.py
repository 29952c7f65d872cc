"""What the pages share: all are there to read, and what belongs to a row stands below it."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class ReadOnly(admin.ModelAdmin):
    """Events write all of it."""

    show_full_result_count = False

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Any = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _row: Any = None) -> bool:
        return False


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> SafeString:
    found = list(rows)
    if not found:
        return format_html("<p>{}</p>", empty)
    head = format_html_join("", "<th>{}</th>", ((head,) for head in heads))
    body = format_html_join("", "<tr>{}</tr>", ((_cells(row),) for row in found))
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)


def _cells(row: Iterable[Any]) -> SafeString:
    return format_html_join("", "<td>{}</td>", (("" if cell is None else cell,) for cell in row))
