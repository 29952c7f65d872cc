from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from monolith.api.permissions import Staff, may
from monolith.api.viewsets import ReadViewSet
from monolith.notifications import services
from monolith.notifications.models import Email
from monolith.notifications.selectors import emails


class EmailSerializer(serializers.ModelSerializer):
    class Meta:
        model = Email
        fields = [
            *("id", "cause", "template", "address", "order_number", "subject", "message_id"),
            *("status", "attempts", "last_error", "created_at", "sent_at"),
        ]
        read_only_fields = fields


class EmailViewSet(ReadViewSet):
    permission_classes = [Staff]
    serializer_class = EmailSerializer
    queryset = emails()
    filterset_fields = ["status", "template", "address", "order_number"]
    ordering_fields = ("created_at", "sent_at")
    lookup_value_regex = r"\d+"

    @extend_schema(request=None, responses=EmailSerializer)
    @action(
        detail=True,
        methods=["post"],
        url_path="send-again",
        permission_classes=[may("notifications.resend_email")],
    )
    def send_again(self, _request: Request, pk: str) -> Response:
        """The same e-mail under the same Message-ID, whatever became of it before."""
        email = self.get_object()
        services.send_again(email)
        email.refresh_from_db()
        return Response(self.get_serializer(email).data)
