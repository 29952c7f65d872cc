"""What a problem's `type` leads to: each code explained in a sentence."""

from typing import NamedTuple

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monolith.api.problems import title_of
from monolith.errors import NotFound, ShopError

GENERAL = {
    "invalid": (400, "What was sent does not fit; `errors` names each field and what is wrong with it."),
    "parse_error": (400, "The body is not what its Content-Type says."),
    "not_authenticated": (401, "Log in, or send `Authorization: Token …`."),
    "authentication_failed": (401, "The token or the password is not, or no longer, valid."),
    "permission_denied": (403, "This account may not do that."),
    "method_not_allowed": (
        405,
        "The address exists but not for this method; the header Allow lists the possible ones.",
    ),
    "not_acceptable": (406, "The answer can't be given in the media type that Accept asks for."),
    "unsupported_media_type": (415, "Send `Content-Type: application/json`."),
    "throttled": (429, "Too many requests; wait as many seconds as Retry-After says."),
}


class Explanation(NamedTuple):
    code: str
    status: int
    title: str
    explanation: str


class ExplanationSerializer(serializers.Serializer):
    code = serializers.CharField()
    status = serializers.IntegerField()
    title = serializers.CharField()
    explanation = serializers.CharField()


def explanations() -> dict[str, Explanation]:
    """Every code the API can answer with. The shop's own are explained by the docstrings of their classes."""
    general = [Explanation(code, status, title_of(code), text) for code, (status, text) in GENERAL.items()]
    own = [
        Explanation(error.code, error.status, title_of(error.code), " ".join((error.__doc__ or "").split()))
        for error in _subclasses(ShopError)
    ]
    return {each.code: each for each in sorted(general + own)}


def _subclasses(error: type[ShopError]) -> list[type[ShopError]]:
    direct = error.__subclasses__()
    return direct + [below for each in direct for below in _subclasses(each)]


class ProblemsView(APIView):
    """Every code a problem can have."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses=ExplanationSerializer(many=True), operation_id="problems_list", filters=False)
    def get(self, _request: Request) -> Response:
        return Response(ExplanationSerializer(explanations().values(), many=True).data)


class ProblemView(APIView):
    """What a problem's `type` leads to: the code explained."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses=ExplanationSerializer)
    def get(self, _request: Request, code: str) -> Response:
        known = explanations()
        if code not in known:
            raise NotFound(f"No problem has the code {code!r}; the list of them is one level up.")
        return Response(ExplanationSerializer(known[code]).data)
