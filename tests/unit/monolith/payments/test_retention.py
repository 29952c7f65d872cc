"""What was answered long ago is forgotten, and nothing that is open or that a saga may ask for again."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from monolith.payments.factories import PaymentRequestFactory
from monolith.payments.models import PaymentRequest
from strangler.saga.models import SagaInstance

pytestmark = pytest.mark.django_db


def prune(*arguments):
    out = StringIO()
    call_command("prune_payments", *arguments, stdout=out)
    return out.getvalue()


def test_what_was_answered_long_ago_is_forgotten_unless_somebody_may_ask_again():
    long_ago = timezone.now() - timedelta(days=40)
    still_open, answered, of_a_saga, lately = (PaymentRequestFactory() for _ in range(4))
    PaymentRequest.objects.filter(pk__in=[answered.pk, of_a_saga.pk]).update(status="done", answered_at=long_ago)
    PaymentRequest.objects.filter(pk=lately.pk).update(status="refused", answered_at=timezone.now())
    PaymentRequest.objects.filter(pk=still_open.pk).update(created_at=long_ago)
    SagaInstance.objects.create(saga="checkout", key=of_a_saga.order_number, status="stuck", data={})
    assert prune() == "deleted 1 payment requests answered more than 720 hours ago\n"
    assert set(PaymentRequest.objects.all()) == {still_open, of_a_saga, lately}
