"""What the pages share: most are read-only, and a refusal is shown instead of a traceback."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from extracted.inventory.errors import InventoryError


class NeverDeleted:
    def has_delete_permission(self, _request: HttpRequest, _row: Any = None) -> bool:
        return False


class ReadOnly(NeverDeleted, admin.ModelAdmin):
    """Events write all of it."""

    show_full_result_count = False

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Any = None) -> bool:
        return False


class ServiceAdmin(NeverDeleted, admin.ModelAdmin):
    """Writes go through services, which may refuse: the refusal is shown and nothing is saved."""

    show_full_result_count = False

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kw: Any
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, *args, **kw)
        except InventoryError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def apply(self, request: HttpRequest, rows: Iterable[Any], use_case: Callable[[Any], object], done: str) -> None:
        """Runs one use case per row, each in its own transaction; one refusal doesn't stop the others."""
        count = 0
        for row in rows:
            try:
                use_case(row)
                count += 1
            except InventoryError as error:
                self.message_user(request, str(error), messages.ERROR)
        if count:
            self.message_user(request, f"{done}: {count}", messages.SUCCESS)
