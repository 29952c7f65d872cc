"""What every context's API shares: pages, errors and the health check."""

from typing import Any

from django.db import Error as DatabaseError
from django.db import connection
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from monolith.errors import ShopError


class Pages(PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 200


def answer_to_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """A ShopError becomes its own status with `{"code", "detail"}`; everything else is REST framework's business."""
    if isinstance(error, ShopError):
        set_rollback()
        return Response({"code": error.code, "detail": str(error)}, status=error.status)
    return exception_handler(error, context)


@api_view(["GET"])
@authentication_classes([])
@permission_classes([AllowAny])
def health(_request: Request) -> Response:
    """200 while the database answers, 503 otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Response({"status": "unavailable", "database": type(error).__name__}, status=503)
    return Response({"status": "ok", "database": "ok"})
