"""Nobody overwrites what somebody else has just written: ETag, If-None-Match, If-Match. Source: RFC 9110, RFC 6585."""

import hashlib
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.http import Http404
from django.utils.http import parse_etags
from rest_framework import mixins
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from monolith.errors import ShopError


class PreconditionRequired(ShopError):
    """A change must say which version it was made from: send the ETag of your last GET in If-Match."""

    status, code = 428, "precondition_required"


class PreconditionFailed(ShopError):
    """Somebody has changed this since you read it. Read it again, and send the new ETag in If-Match."""

    status, code = 412, "precondition_failed"


def etag_of(data: Any) -> str:
    """Strong: the same representation, byte for byte, has the same tag."""
    return f'"{hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:32]}"'


def answer_with_etag(request: Request, data: Any, status: int = 200) -> Response:
    """The representation with its ETag; 304 without it when a GET's If-None-Match shows that the client has it."""
    etag = etag_of(data)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if request.method in {"GET", "HEAD"} and (known == ["*"] or etag in [tag.removeprefix("W/") for tag in known]):
        return Response(status=304, headers=headers)
    return Response(data, status=status, headers=headers)


def check_if_match(request: Request, data: Any) -> None:
    """`data` is the representation as it is now, read under a lock. Raises PreconditionRequired, PreconditionFailed."""
    sent = request.headers.get("If-Match")
    if sent is None:
        raise PreconditionRequired("Send the ETag of your last GET in If-Match, so that no change of others gets lost.")
    if parse_etags(sent) != ["*"] and etag_of(data) not in parse_etags(sent):
        raise PreconditionFailed("This has changed since you read it: GET it again and send its new ETag in If-Match.")


class ConditionalRead(mixins.RetrieveModelMixin):
    """GET answers with an ETag."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return answer_with_etag(request, self.get_serializer(self.get_object()).data)


class _Locked:
    def matching_object(self, request: Request) -> Model:
        """The object, read once more after its row is locked: only then nobody else's change can be missing from it."""
        seen = self.get_object()
        rows = type(seen)._base_manager.select_for_update().filter(pk=seen.pk)
        if not list(rows.values_list("pk")):
            raise Http404
        instance = self.get_object()
        check_if_match(request, self.get_serializer(instance).data)
        return instance


class ConditionalUpdate(_Locked):
    """PUT and PATCH need If-Match, compared under a lock on the row and in the transaction of the change.

    Of two changes made from one version the second therefore fails, however close they come. Override `perform_update`
    to call a service.
    """

    def update(self, request: Request, *args: Any, partial: bool = False, **kwargs: Any) -> Response:
        with transaction.atomic():
            form = self.get_serializer(self.matching_object(request), data=request.data, partial=partial)
            form.is_valid(raise_exception=True)
            self.perform_update(form)
            data = self.get_serializer(self._read_again(form.instance)).data
        return answer_with_etag(request, data)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.update(request, *args, partial=True, **kwargs)

    def perform_update(self, serializer: BaseSerializer) -> None:
        serializer.save()

    def _read_again(self, instance: Model) -> Model:
        """As the next GET will show it. A change may have hidden it from the address it was made at; then as saved."""
        try:
            return self.get_object()
        except (Http404, APIException, ShopError):
            return instance


class ConditionalDestroy(_Locked):
    """DELETE needs If-Match, like a change. Override `perform_destroy` to call a service."""

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with transaction.atomic():
            self.perform_destroy(self.matching_object(request))
        return Response(status=204)

    def perform_destroy(self, instance: Model) -> None:
        instance.delete()
