from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Count, Max, Q, Sum
from django.db.models.signals import post_save
from django.dispatch import receiver

from monolith.customers.models import Customer
from monolith.money import ZERO
from monolith.orders.models import Order
from monolith.reporting.models import DailySales

LARGE = Decimal(1000)
COUNTED = ~Q(status__in=[Order.Status.PENDING, Order.Status.CANCELLED])
PAID_FOR = COUNTED & ~Q(status=Order.Status.REFUNDED)
CHANGES_FIGURES = {Order.Status.PLACED, Order.Status.CANCELLED, Order.Status.REFUNDED}


# Tangle: a signal that does too much. Whoever saves an order writes a report and a customer, and mails the shop.
@receiver(post_save, sender=Order)
def order_saved(sender: type[Order], instance: Order, raw: bool = False, **_kwargs: Any) -> None:
    if raw or instance.status not in CHANGES_FIGURES:
        return
    with transaction.atomic():
        recount_customer(instance.customer_id)
        recount_day(instance.placed_at.astimezone(UTC).date(), instance.currency)
    if instance.status == Order.Status.PLACED and instance.total > LARGE:
        transaction.on_commit(lambda: _tell_the_shop(instance), robust=True)


def recount_customer(customer_id: int) -> None:
    """Counted anew from the orders, never up and down. The lock comes first, in a statement of its own.

    READ COMMITTED gives each statement a new snapshot: with the lock held, the count sees every order whose
    transaction held it before. In one statement the count would be from before the wait.
    """
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    figures = Order.objects.filter(COUNTED, customer_id=customer_id).aggregate(
        order_count=Count("id"),
        lifetime_value=Sum("total", filter=PAID_FOR & Q(currency="EUR"), default=ZERO),
        last_order_at=Max("placed_at"),
    )
    Customer.objects.filter(pk=customer.pk).update(**figures)


def recount_day(day: date, currency: str) -> None:
    """Also counted anew, behind a lock on the day's row: orders of one day and currency commit one after another."""
    DailySales.objects.bulk_create([DailySales(day=day, currency=currency)], ignore_conflicts=True)
    row = DailySales.objects.select_for_update().get(day=day, currency=currency)
    begin = datetime.combine(day, time.min, UTC)
    of_the_day = Order.objects.filter(
        COUNTED, placed_at__gte=begin, placed_at__lt=begin + timedelta(days=1), currency=currency
    )
    figures = of_the_day.aggregate(orders=Count("id"), revenue=Sum("total", filter=PAID_FOR, default=ZERO))
    DailySales.objects.filter(pk=row.pk).update(**figures)


def _tell_the_shop(order: Order) -> None:
    send_mail(
        f"Large order {order.number}",
        f"{order.customer_name} ordered for {order.total} {order.currency}. Have a look before it is packed.",
        settings.DEFAULT_FROM_EMAIL,
        [settings.SHOP_EMAIL],
    )
