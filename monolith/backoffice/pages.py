"""What the contexts' admin pages share: read-only pages, actions by role, and refusals shown instead of tracebacks."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from monolith.errors import ShopError

SHOWN = 20  # rows that a page shows of something which may have thousands


def action(description: str, *, needs: str) -> Callable[[Any], Any]:
    """Marks an admin action that only those with the permission `needs` ("orders.cancel_order") get."""

    def mark(function: Any) -> Any:
        function.short_description, function.needs = description, needs
        return function

    return mark


class Link(NamedTuple):
    """To a page for whoever may open it; `needs` is a permission."""

    label: str
    needs: str
    url: str


def rows_of(label: str, model: str, **lookups: object) -> Link:
    """To the list of `model` ("shipping.shipment"), filtered."""
    app, _, name = model.partition(".")
    return page(label, f"{app}.view_{name}", f"{app}_{name}_changelist", **lookups)


def page(label: str, needs: str, view: str, **query: object) -> Link:
    url = reverse(f"admin:{view}")
    return Link(label, needs, f"{url}?{urlencode(query)}" if query else url)


class ServiceAdmin(admin.ModelAdmin):
    """Writes go through services, which may refuse: the refusal is shown and nothing is saved.

    The actions of the list are buttons on the page of one row, too.
    """

    change_form_template = "backoffice/change_form.html"
    show_full_result_count = False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        return {name: it for name, it in actions.items() if request.user.has_perms(_needed(it[0]))}

    def links(self, row: Any) -> list[Link]:
        """Ways from this row to what other contexts know about it."""
        return []

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        page = super().changelist_view
        return self._shown_if_refused(request, lambda: page(request, extra_context))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kw: Any
    ) -> HttpResponse:
        if object_id and request.method == "POST" and "action" in request.POST:
            return self._shown_if_refused(request, lambda: self._act_on(request, unquote(object_id)))
        page = super().changeform_view
        return self._shown_if_refused(request, lambda: page(request, object_id, *args, **kw))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        row = kwargs.get("obj")
        if row is not None:
            context["links"] = [link for link in self.links(row) if request.user.has_perm(link.needs)]
            context["buttons"] = [
                {"name": name, "label": label} for function, name, label in self.get_actions(request).values()
            ]
        return super().render_change_form(request, context, **kwargs)

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

    def ask(
        self,
        request: HttpRequest,
        rows: QuerySet[Any],
        form: forms.Form,
        use_case: Callable[..., object],
        done: str,
    ) -> HttpResponse | None:
        """Shows `form` on a page of its own; once that is filled in, applies `use_case(row, **answers)`."""
        if form.is_bound and form.is_valid():
            self.apply(request, rows, lambda row: use_case(row, **form.cleaned_data), done)
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.get_actions(request)[request.POST["action"]][2],
            "form": form,
            "count": rows.count(),
            "rows": rows[:SHOWN],
            "selected": request.POST.getlist("_selected_action"),
        }
        return TemplateResponse(request, "backoffice/ask.html", context)

    def _shown_if_refused(self, request: HttpRequest, answer: Callable[[], HttpResponse]) -> HttpResponse:
        try:
            return answer()
        except ShopError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def _act_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rows = self.get_queryset(request).filter(pk=object_id)
        found = self.get_actions(request).get(request.POST["action"])
        if found is None or not self.has_view_permission(request, rows.first()):
            raise PermissionDenied
        return found[0](self, request, rows) or HttpResponseRedirect(request.path)


def answers(request: HttpRequest) -> Any:
    """What was filled in on the page that `ask` shows; None before it was."""
    return request.POST if "confirmed" in request.POST else None


def _needed(function: Any) -> list[str]:
    return [function.needs] if hasattr(function, "needs") else []


class NeverDeleted:
    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ReadOnly(NeverDeleted):
    """For rows that only services write. Mix in before ServiceAdmin or an inline."""

    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        """Those that Django fills in itself, too."""
        own = [field.name for field in self.model._meta.fields]  # type: ignore[attr-defined]
        return [*own, *super().get_readonly_fields(request, obj)]  # type: ignore[misc]


class Newest(BaseInlineFormSet):
    """For a read-only inline whose rows may become very many: as many as one looks at; the list has the others."""

    def get_queryset(self) -> QuerySet[Any]:
        if not hasattr(self, "_newest"):
            self._newest = super().get_queryset()[:SHOWN]
        return self._newest
