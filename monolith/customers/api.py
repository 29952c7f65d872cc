from django.contrib.auth.password_validation import validate_password
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authtoken.models import Token
from rest_framework.authtoken.serializers import AuthTokenSerializer
from rest_framework.authtoken.views import ObtainAuthToken
from rest_framework.parsers import JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from monolith.api.etags import ConditionalRead
from monolith.api.raising import raises
from monolith.api.viewsets import ApiViewSet, Creates, Deletes, ReadViewSet, Updates, checked
from monolith.customers import services
from monolith.customers.models import Address, Customer
from monolith.customers.selectors import PostalAddress, addresses_of, customer_of
from monolith.errors import EmailTaken, NotACustomer


class CustomerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Customer
        fields = ["id", "email", "name", "phone"]
        read_only_fields = ["id", "email"]


class AddressSerializer(serializers.ModelSerializer):
    # A regular expression of its own, so that the schema tells what is refused.
    country = serializers.RegexField(r"^[A-Za-z]{2}$", help_text="two letters, as in ISO 3166-1: DE, FR, US")
    is_default = serializers.BooleanField(default=False, help_text="the one a checkout offers first")

    class Meta:
        model = Address
        fields = ["id", *PostalAddress._fields, "is_default"]
        # The model's constraint is the service's business: a new default takes the old one's place.
        validators = []

    def validate_country(self, country: str) -> str:
        return country.upper()


class RegistrationSerializer(serializers.Serializer):
    email = serializers.EmailField(max_length=150)  # it becomes the username, which has that length
    name = serializers.CharField(max_length=200)
    password = serializers.CharField(
        write_only=True, max_length=128, validators=[validate_password], trim_whitespace=False
    )


class RegisteredSerializer(serializers.Serializer):
    token = serializers.CharField()
    customer = CustomerSerializer()


class RegisterView(APIView):
    permission_classes = [AllowAny]
    throttle_scope = "register"

    @extend_schema(request=RegistrationSerializer, responses={201: RegisteredSerializer})
    @raises(EmailTaken)
    def post(self, request: Request) -> Response:
        customer = services.register(**checked(RegistrationSerializer, request))
        token = Token.objects.create(user=customer.user)
        return Response({"token": token.key, "customer": CustomerSerializer(customer).data}, status=201)


class LogInSerializer(AuthTokenSerializer):
    def validate_username(self, username: str) -> str:
        """A customer's username is the e-mail address in lower case; a person may type it otherwise."""
        return username.lower() if "@" in username else username


class TokenSerializer(serializers.Serializer):
    token = serializers.CharField()


class TokenView(ObtainAuthToken):
    serializer_class = LogInSerializer
    permission_classes = [AllowAny]
    parser_classes = [JSONParser]
    renderer_classes = api_settings.DEFAULT_RENDERER_CLASSES
    throttle_classes = api_settings.DEFAULT_THROTTLE_CLASSES
    throttle_scope = "login"

    @extend_schema(request=LogInSerializer, responses=TokenSerializer)
    def post(self, request: Request, *args: object, **kwargs: object) -> Response:
        return super().post(request, *args, **kwargs)


@raises(NotACustomer, never=(404,))
class MeViewSet(Updates, ConditionalRead, ApiViewSet):
    """The customer behind the log-in."""

    serializer_class = CustomerSerializer
    queryset = Customer.objects.none()

    def get_object(self) -> Customer:
        return customer_of(self.request.user)

    def perform_update(self, serializer: serializers.BaseSerializer) -> None:
        now = serializer.instance
        changed = {name: serializer.validated_data.get(name, getattr(now, name)) for name in ("name", "phone")}
        serializer.instance = services.change_customer(now, **changed)


@raises(NotACustomer)
class AddressViewSet(Creates, Updates, Deletes, ReadViewSet):
    """One's own addresses."""

    serializer_class = AddressSerializer
    queryset = Address.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Address]:
        return addresses_of(customer_of(self.request.user))

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        address, is_default = _understood(serializer)
        serializer.instance = services.add_address(customer_of(self.request.user), address, is_default=is_default)

    def perform_update(self, serializer: serializers.BaseSerializer) -> None:
        address, is_default = _understood(serializer)
        serializer.instance = services.change_address(serializer.instance, address, is_default=is_default)

    def perform_destroy(self, instance: Address) -> None:
        services.remove_address(instance)


def _understood(serializer: serializers.BaseSerializer) -> tuple[PostalAddress, bool]:
    """What was sent, over what is there already."""
    form, now = serializer.validated_data, serializer.instance
    fields = [form.get(name) if name in form or now is None else getattr(now, name) for name in PostalAddress._fields]
    return PostalAddress(*fields), form.get("is_default", now.is_default if now else False)
