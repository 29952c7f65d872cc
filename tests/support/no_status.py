"""URLs of a service that answers something else."""

from django.http import HttpRequest, JsonResponse
from django.urls import path


def something_else(_: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


urlpatterns = [path("status", something_else)]
