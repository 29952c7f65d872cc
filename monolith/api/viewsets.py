"""What a context's viewsets derive from; pages, filters, ordering, throttles and errors come with the settings."""

from typing import Any, ClassVar

from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from monolith.api.etags import ConditionalDestroy, ConditionalRead, ConditionalUpdate


class ApiViewSet(GenericViewSet):
    """For actions alone. Set what applies: `filterset_class` or `filterset_fields`, `ordering_fields`, `owner`."""

    ordering_fields: ClassVar[tuple[str, ...]] = ()
    ordering: ClassVar[tuple[str, ...]] = ()
    owner: ClassVar[str] = ""
    throttle_scope: str | None = None


class ReadViewSet(ConditionalRead, mixins.ListModelMixin, ApiViewSet):
    """List and retrieve. With `Creates`, `Updates` and `Deletes` before it, those too."""


Creates, Updates, Deletes = mixins.CreateModelMixin, ConditionalUpdate, ConditionalDestroy


def checked(form: type[Serializer], request: Request) -> dict[str, Any]:
    """The body as `form` understands it. Raises ValidationError."""
    filled = form(data=request.data)
    filled.is_valid(raise_exception=True)
    return filled.validated_data
