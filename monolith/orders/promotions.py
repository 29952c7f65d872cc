"""Promotion codes: checked when one is put on a cart, and again, with its row locked, when the cart is checked out."""

from datetime import datetime
from decimal import Decimal

from django.db.models import F
from django.utils import timezone

from monolith.errors import PromotionRefused
from monolith.orders.models import Promotion
from monolith.orders.pricing import Discount


def promotion_called(code: str) -> Promotion:
    """Raises PromotionRefused."""
    promotion = Promotion.objects.filter(code=code.strip().upper()).first()
    if promotion is None:
        raise PromotionRefused(f"There is no promotion code {code!r}; look for a slip of the pen.")
    return promotion


def discount_by(promotion: Promotion | None) -> Discount | None:
    return promotion and Discount(promotion.value, percent=promotion.kind == Promotion.Kind.PERCENT)


def check(promotion: Promotion, *, subtotal: Decimal, currency: str) -> None:
    """Raises PromotionRefused with the reason."""
    if reason := why_not(promotion, subtotal=subtotal, currency=currency, at=timezone.now()):
        raise PromotionRefused(f"The promotion code {promotion} {reason}. Take it off the cart to buy without it.")


def why_not(promotion: Promotion, *, subtotal: Decimal, currency: str, at: datetime) -> str:
    """Empty where nothing speaks against it."""
    speaks_of_money = promotion.kind == Promotion.Kind.AMOUNT or promotion.minimum > 0
    reasons = {
        f"begins on {promotion.valid_from:%Y-%m-%d %H:%M} UTC": at < promotion.valid_from,
        "is over": promotion.valid_until is not None and at >= promotion.valid_until,
        "is used up": promotion.max_redemptions is not None and promotion.redemptions >= promotion.max_redemptions,
        f"is for carts in {promotion.currency}": speaks_of_money and currency != promotion.currency,
        f"needs goods worth {promotion.minimum} {promotion.currency}": subtotal < promotion.minimum,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def redeem(promotion_id: int, *, subtotal: Decimal, currency: str) -> Promotion:
    """Counts one redemption; the lock makes the last one go to one order only. Raises PromotionRefused."""
    promotion = Promotion.objects.select_for_update(no_key=True).get(pk=promotion_id)
    check(promotion, subtotal=subtotal, currency=currency)
    promotion.redemptions += 1
    promotion.save(update_fields=["redemptions"])
    return promotion


def locked(code: str) -> Promotion | None:
    """For who is going to give it back; None where there is none, or none any more."""
    return Promotion.objects.select_for_update(no_key=True).filter(code=code).first() if code else None


def give_back(code: str) -> None:
    """A cancelled order has not used its code. No code, or one deleted meanwhile, is fine."""
    Promotion.objects.filter(code=code, redemptions__gt=0).update(redemptions=F("redemptions") - 1)
