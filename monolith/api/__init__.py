"""What every context's `api.py` is built on, so that it holds serializers, rights and calls of services, nothing else.

Viewsets    `ReadViewSet`; with `Creates`, `Updates`, `Deletes` before it for more; `ApiViewSet` for actions alone.
            Override `perform_create|update|destroy` to call services; set `serializer.instance` to what they return.
Bodies      `checked(FormSerializer, request)` is the validated dict. Other media types and bad JSON are refused before.
Lists       cursor pages by themselves, in the order of the queryset or of `ordering`, ended by the primary key; order
            by names, annotations included. `filterset_class` filters; `ordering_fields` is the whole whitelist.
Rights      `Staff` (model permissions), `OwnerOrStaff` with `owner = "customer.user"`, `may("orders.refund_order")`.
            Restrict `get_queryset` too: what is not yours is a 404.
Errors      raise ShopErrors: status and code are theirs, the docstring explains the code. Name them with `@raises(…)`
            on handler, `perform_…` or view class; `never=(404,)` takes a status out. The schema lists no others.
Versions    retrieve answers an ETag; update and destroy need If-Match and hold the row's lock meanwhile. In a plain
            APIView: `answer_with_etag(request, data)`; in a transaction, once it is locked, `check_if_match`.
Idempotency `@idempotent("checkout")` on `post`, or below `@action`: the whole handler is one transaction.
Throttles   per user and address by themselves; `throttle_scope = "checkout"` adds one of settings.THROTTLE_RATES.
Schema      `@extend_schema(request=…, responses=…)`, outermost, where there is no serializer_class; `request=None`
            where no body is read. `queryset` on the class, not only in `get_queryset`.
            `manage.py spectacular --validate --fail-on-warn` must stay silent.
"""

from monolith.api.health import health
from monolith.api.problems import answer_to_error

__all__ = ["answer_to_error", "health"]
