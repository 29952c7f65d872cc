"""Where a person sees, mends and redrives what could not be handled."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from strangler.errors import InvalidEnvelope
from strangler.inbox import operations
from strangler.inbox.models import DeadLetter, ParkedMessage
from strangler.messaging import decode


class CorrectionForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    def clean_correction(self) -> str:
        """A correction must be a message itself, with the same id and key: the inbox and the order rely on them."""
        text: str = self.cleaned_data["correction"]
        if not text:
            return text
        try:
            envelope = decode(text)
        except InvalidEnvelope as error:
            raise forms.ValidationError(str(error)) from error
        if (envelope.id, envelope.partitionkey) != (self.instance.message_id, self.instance.key):
            raise forms.ValidationError(f"id must stay {self.instance.message_id}, partitionkey {self.instance.key!r}")
        return text


class ParkedMessageAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    list_display = ("type", "key", "consumer_group", "status", "attempts", "next_attempt_at", "last_line")
    list_filter = ("status", "consumer_group", "type")
    search_fields = ("=key", "=message_id", "=type")
    ordering: ClassVar = ["id"]
    show_full_result_count = False

    @admin.display(description="error")
    def last_line(self, parked: ParkedMessage) -> str:
        return parked.error.strip().rpartition("\n")[2]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.opts.fields if field.name != "correction"]


@admin.register(ParkedMessage)
class EveryParkedMessageAdmin(ParkedMessageAdmin):
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DeadLetter)
class DeadLetterAdmin(ParkedMessageAdmin):
    form = CorrectionForm
    actions = ("redrive", "discard")

    @admin.action(permissions=["change"], description="Redrive: handle again, in order")
    def redrive(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> None:
        self.message_user(request, f"{_letters(operations.redrive(queryset))} to be handled again")

    @admin.action(permissions=["change"], description="Discard: never handle, let later ones go on")
    def discard(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> None:
        self.message_user(request, f"{_letters(operations.discard(queryset))} discarded", messages.WARNING)


def _letters(count: int) -> str:
    return "1 dead letter" if count == 1 else f"{count} dead letters"
