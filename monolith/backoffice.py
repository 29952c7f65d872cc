"""What the contexts' admin pages share: read-only pages, and shop errors shown as messages instead of tracebacks."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from monolith.errors import ShopError


class ServiceAdmin(admin.ModelAdmin):
    """Writes go through services, which may refuse: the refusal is shown and nothing is saved."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ShopError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def apply(self, request: HttpRequest, rows: Iterable[Any], use_case: Callable[[Any], object], done: str) -> None:
        """Runs one use case per row, each in its own transaction; one refusal doesn't stop the others."""
        count = 0
        for row in rows:
            try:
                use_case(row)
                count += 1
            except ShopError as error:
                self.message_user(request, str(error), messages.ERROR)
        if count:
            self.message_user(request, f"{done}: {count}", messages.SUCCESS)


class NeverDeleted:
    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ReadOnly(NeverDeleted):
    """For rows that only services write. Mix in before ServiceAdmin or an inline."""

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return [field.name for field in self.model._meta.fields]  # type: ignore[attr-defined]
