from django.db import Error as DatabaseError
from django.db import connection
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monolith.api.raising import raises
from monolith.errors import ShopError


class DatabaseUnavailable(ShopError):
    """The shop does not reach its database; try again in a moment."""

    status, code = 503, "database_unavailable"


class HealthSerializer(serializers.Serializer):
    status = serializers.CharField()
    database = serializers.CharField()


class HealthView(APIView):
    """200 while the database answers, 503 otherwise. Never throttled: load balancers ask often."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    serializer_class = HealthSerializer

    @raises(DatabaseUnavailable)
    def get(self, _request: Request) -> Response:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError as error:
            raise DatabaseUnavailable(f"The database does not answer: {type(error).__name__}.") from error
        return Response({"status": "ok", "database": "ok"})


health = HealthView.as_view()
