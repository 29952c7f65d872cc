from django.db import Error as DatabaseError
from django.db import connection
from rest_framework import serializers, viewsets
from rest_framework.decorators import action, api_view, authentication_classes, permission_classes
from rest_framework.filters import SearchFilter
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from extracted.notifications import services
from extracted.notifications.models import Email
from extracted.notifications.selectors import emails


class Pages(PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 200


class EmailSerializer(serializers.ModelSerializer):
    class Meta:
        model = Email
        fields = [
            *("id", "cause", "template", "address", "order_number", "subject", "message_id"),
            *("status", "attempts", "last_error", "created_at", "sent_at"),
        ]


class EmailViewSet(viewsets.ReadOnlyModelViewSet):
    """Staff only, by the default permission. `?search=` looks in addresses, order numbers and Message-IDs."""

    serializer_class = EmailSerializer
    pagination_class = Pages
    queryset = emails()
    filter_backends = [SearchFilter]
    search_fields = ["address", "order_number", "message_id"]
    lookup_value_regex = r"\d+"

    @action(detail=True, methods=["post"], url_path="send-again")
    def send_again(self, _request: Request, pk: str) -> Response:
        email = self.get_object()
        services.send_again(email)
        email.refresh_from_db()
        return Response(EmailSerializer(email).data)


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
