"""A small API of Django's own models, on the shop's base classes."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.http import Http404
from django.urls import include, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from monolith.api import health
from monolith.api.idempotency import idempotent
from monolith.api.permissions import OwnerOrStaff, Staff, may
from monolith.api.raising import raises
from monolith.api.viewsets import Creates, Deletes, ReadViewSet, Updates, checked
from monolith.errors import OutOfStock, PaymentDeclined

SMALL_API = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.unit.monolith.api.views"),
    pytest.mark.usefixtures("no_roles"),
]
"""The `pytestmark` of tests that use it."""

handler404 = "monolith.api.problems.page_not_found"
handler400 = "monolith.api.problems.bad_request"


class LineSerializer(serializers.Serializer):
    sku = serializers.CharField()
    quantity = serializers.IntegerField(min_value=1)


class BasketSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=20)
    lines = LineSerializer(many=True)

    def validate(self, attributes):
        if attributes["name"] == "nobody":
            raise ValidationError("Nobody buys nothing.")
        return attributes


class GroupSerializer(serializers.ModelSerializer):
    class Meta:
        model = Group
        fields = ["id", "name"]


class EntrySerializer(serializers.ModelSerializer):
    class Meta:
        model = LogEntry
        fields = ["id", "action_flag", "object_id", "object_repr", "change_message"]


class GroupViewSet(Creates, Updates, Deletes, ReadViewSet):
    queryset = Group.objects.order_by("name")
    serializer_class = GroupSerializer
    permission_classes = [Staff]
    lookup_value_regex = r"\d+"

    @raises(OutOfStock)
    def perform_update(self, serializer):
        if serializer.validated_data.get("name") == "sold out":
            raise OutOfStock("There is no such name left.")
        super().perform_update(serializer)

    @extend_schema(request=None, responses=GroupSerializer)
    @action(detail=True, methods=["post"], permission_classes=[may("auth.delete_group")])
    @raises(PaymentDeclined)
    @idempotent("rename")
    def rename(self, request, pk):
        group = self.get_object()
        group.name += "!"
        group.save()
        return Response(GroupSerializer(group).data)


class EntryViewSet(Updates, ReadViewSet):
    """Each user's own log."""

    serializer_class = EntrySerializer
    permission_classes = [OwnerOrStaff]
    owner = "user"
    queryset = LogEntry.objects.order_by("-action_time")
    filterset_fields = ["action_flag"]
    ordering_fields = ("action_flag", "object_id", "action_time")
    lookup_value_regex = r"\d+"


class OpenView(APIView):
    permission_classes = [AllowAny]

    @extend_schema(responses={204: None})
    def get(self, request):
        return Response(status=204)


class RaisingView(APIView):
    """Answers a POST with whatever is asked for."""

    permission_classes = [AllowAny]

    @extend_schema(request=BasketSerializer, responses={200: BasketSerializer})
    def post(self, request):
        match request.query_params.get("raise"):
            case "shop":
                raise OutOfStock("MUG is sold out.")
            case "404":
                raise Http404
            case "bug":
                raise ZeroDivisionError
        return Response(checked(BasketSerializer, request))


@raises(OutOfStock)
class PayView(APIView):
    """Each payment makes a group, so that payments can be counted."""

    throttle_scope = "checkout"

    @extend_schema(request=GroupSerializer, responses={201: GroupSerializer})
    @raises(PaymentDeclined, never=(403,))
    @idempotent("pay")
    def post(self, request):
        name = checked(GroupSerializer, request)["name"]
        group = Group.objects.create(name=f"{name} {Group.objects.count()}")
        if name == "declined":
            raise PaymentDeclined("Use another card.")
        if name == "refused":
            return Response({"refused": True}, status=409)
        return Response(GroupSerializer(group).data, status=201, headers={"Location": f"/api/groups/{group.pk}/"})


router = SimpleRouter()
router.register("groups", GroupViewSet)
router.register("entries", EntryViewSet)

urlpatterns = [
    path("api/", include(router.urls)),
    path("api/", include("monolith.api.urls")),
    path("api/health/", health),
    path("api/open/", OpenView.as_view()),
    path("api/raising/", RaisingView.as_view()),
    path("api/pay/", PayView.as_view()),
]
