from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

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


class EmailViewSet(viewsets.ReadOnlyModelViewSet):
    permission_classes = [IsAdminUser]
    serializer_class = EmailSerializer
    queryset = emails()
    lookup_value_regex = r"\d+"

    @action(detail=True, methods=["post"], url_path="send-again")
    def send_again(self, _request: Request, pk: str) -> Response:
        email = self.get_object()
        services.send_again(email)
        email.refresh_from_db()
        return Response(EmailSerializer(email).data)
