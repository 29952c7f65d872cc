"""What happened to an aggregate and why, and how far projections are. Nothing can be added, changed or deleted here."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from strangler.errors import EventStoreError
from strangler.eventstore import standing
from strangler.eventstore.models import Checkpoint, StreamEvent
from strangler.eventstore.opening import open_event
from strangler.eventstore.registry import streams


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(StreamEvent)
class StreamEventAdmin(ReadOnly):
    list_display = ("type", "of_stream", "version", "recorded_at", "of_conversation", "causation_id")
    list_filter = ("category",)
    search_fields = ("key__exact", "correlation_id__exact")  # not "=", which knows no case and so no index
    search_help_text = "Key (an order's number) or correlation id, exactly."
    fields = (
        *("of_stream", "version", "recorded_at", "type", "as_read", "state_afterwards"),
        *("of_conversation", "causation_id", "data", "position", "transaction_id"),
    )
    readonly_fields = fields

    @admin.display(description="stream", ordering="key")
    def of_stream(self, event: StreamEvent) -> SafeString:
        return _all_with(f"{event.category}-{event.key}", category=event.category, key=event.key)

    @admin.display(description="correlation id", ordering="correlation_id")
    def of_conversation(self, event: StreamEvent) -> SafeString:
        return _all_with(event.correlation_id, correlation_id=event.correlation_id)

    @admin.display(description="as it is read")
    def as_read(self, event: StreamEvent) -> SafeString:
        """Of the newest version, or why it cannot be read."""
        try:
            stream = streams.find(event.category)
            opened = open_event(stream, event.key, event.version, event.type, event.data)
        except EventStoreError as error:
            return _shown(str(error))
        return _shown(f"{opened.wire_type()}\n{_pretty(opened.model_dump(mode='json'))}")

    @admin.display(description="state afterwards")
    def state_afterwards(self, event: StreamEvent) -> SafeString:
        try:
            found = streams.find(event.category).load(event.key, version=event.version)
        except EventStoreError as error:
            return _shown(str(error))
        return _shown(_pretty(found.state.model_dump(mode="json")))


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnly):
    list_display = ("name", "streams", "handled", "behind", "lag", "moved_at", "built_at", "first_line")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Checkpoint]:
        return standing.checkpoints(super().get_queryset(request))

    @admin.display(description="events behind")
    def behind(self, checkpoint: Any) -> str:
        return f"{checkpoint.behind:,}{' or more' if checkpoint.behind >= standing.MOST else ''}"

    @admin.display(description="seconds behind")
    def lag(self, checkpoint: Any) -> str:
        return f"{standing.lag(checkpoint, now=timezone.now()):,.1f}"

    @admin.display(description="error")
    def first_line(self, checkpoint: Checkpoint) -> str:
        return checkpoint.error.partition("\n")[0]


def _all_with(text: str, **fields: str) -> SafeString:
    """A link to the list of all events that have them."""
    url = reverse("admin:strangler_eventstore_streamevent_changelist")
    return format_html('<a href="{}?{}">{}</a>', url, urlencode(fields), text)


def _shown(text: str) -> SafeString:
    return format_html("<pre>{}</pre>", text)


def _pretty(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
