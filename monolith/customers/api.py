from django.contrib.auth.password_validation import validate_password
from django.db.models import QuerySet
from rest_framework import generics, serializers
from rest_framework.authtoken.models import Token
from rest_framework.authtoken.serializers import AuthTokenSerializer
from rest_framework.authtoken.views import ObtainAuthToken
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monolith.customers import services
from monolith.customers.models import Address, Customer
from monolith.customers.selectors import PostalAddress, addresses_of, customer_of


class CustomerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Customer
        fields = ["id", "email", "name"]


class AddressSerializer(serializers.ModelSerializer):
    class Meta:
        model = Address
        fields = ["id", *PostalAddress._fields]

    def validate_country(self, country: str) -> str:
        if len(country) == 2 and country.isascii() and country.isalpha():
            return country.upper()
        raise serializers.ValidationError("Two letters, as in ISO 3166-1: DE, FR, US.")


class RegistrationSerializer(serializers.Serializer):
    email = serializers.EmailField(max_length=150)  # it becomes the username, which has that length
    name = serializers.CharField(max_length=200)
    password = serializers.CharField(write_only=True, validators=[validate_password], trim_whitespace=False)


class RegisterView(APIView):
    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        form = RegistrationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        customer = services.register(**form.validated_data)
        token = Token.objects.create(user=customer.user)
        return Response({"token": token.key, "customer": CustomerSerializer(customer).data}, status=201)


class LogInSerializer(AuthTokenSerializer):
    def validate_username(self, username: str) -> str:
        """A customer's username is the e-mail address in lower case; a person may type it otherwise."""
        return username.lower() if "@" in username else username


class TokenView(ObtainAuthToken):
    serializer_class = LogInSerializer


class MeView(generics.RetrieveAPIView):
    serializer_class = CustomerSerializer

    def get_object(self) -> Customer:
        return customer_of(self.request.user)


class AddressesView(generics.ListCreateAPIView):
    serializer_class = AddressSerializer

    def get_queryset(self) -> QuerySet[Address]:
        return addresses_of(customer_of(self.request.user))

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        address = PostalAddress(**serializer.validated_data)
        serializer.instance = services.add_address(customer_of(self.request.user), address)
