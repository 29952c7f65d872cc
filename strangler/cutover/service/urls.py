"""`path("strangler/", include("strangler.cutover.service.urls"))` in a service's `urls.py`."""

from __future__ import annotations

from django.urls import URLPattern, path

from strangler.cutover.parity.answering import parity_view
from strangler.cutover.service.status import status

urlpatterns: list[URLPattern] = [
    path("status", status),
    path("parity/<str:name>", parity_view),
]
