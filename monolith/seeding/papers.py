"""The rows of a batch of orders in orders, payments and shipping, each table in one COPY."""

from collections.abc import Sequence
from decimal import Decimal

from monolith.money import ZERO
from monolith.orders.models import Order, OrderLine
from monolith.payments.models import LedgerEntry, Payment
from monolith.seeding.catalog import CURRENCY
from monolith.seeding.history import DAY, History
from monolith.seeding.sales import Kind, Sale
from monolith.seeding.tables import copy_into, give_ids
from monolith.shipping.models import Return, ReturnLine, Shipment, ShipmentLine, TrackingEvent

TRACKING_KEPT = 120 * DAY  # what the carrier said about older parcels nobody keeps
ORDER_FIELDS = """
    id number customer customer_name customer_email ship_to shipping_method promotion_code status currency
    subtotal discount shipping_cost tax total placed_at shipped_at delivered_at cancelled_at cancel_reason
"""
LINE_FIELDS = "id order variant warehouse sku name quantity unit_price discount tax_rate tax"
PAYMENT_FIELDS = """
    id order_number customer_email customer_name status currency authorised captured refunded authorisation created_at
"""
SHIPMENT_FIELDS = """
    id number order warehouse status method carrier tracking_number packed_at dispatched_at delivered_at
"""


def write_orders(sales: Sequence[Sale]) -> None:
    give_ids(Order, sales)
    give_ids(OrderLine, [line for sale in sales for line in sale.lines])
    copy_into(
        Order,
        ORDER_FIELDS,
        (
            (
                *(sale.id, sale.number, sale.buyer.id, sale.buyer.name, sale.buyer.email, sale.destination.ship_to),
                *(sale.method, sale.promotion_code, sale.status, CURRENCY),
                *(sale.subtotal, sale.discount, sale.shipping_cost, sale.tax, sale.total),
                *(sale.placed_at, sale.shipped_at, sale.delivered_at, sale.cancelled_at, sale.cancel_reason),
            )
            for sale in sales
        ),
    )
    copy_into(
        OrderLine,
        LINE_FIELDS,
        (
            (
                *(line.id, sale.id, line.ware.id, line.place.warehouse, line.ware.sku, line.ware.name),
                *(line.quantity, line.unit_price, line.discount, line.tax_rate, line.tax),
            )
            for sale in sales
            for line in sale.lines
        ),
    )


def write_payments(sales: Sequence[Sale]) -> None:
    give_ids(Payment, sales, "payment_id")
    copy_into(Payment, PAYMENT_FIELDS, (_payment(sale) for sale in sales))
    copy_into(
        LedgerEntry,
        "payment kind amount reference created_at",
        (
            (sale.payment_id, entry.kind, entry.amount, entry.reference, entry.at)
            for sale in sales
            for entry in sale.entries
        ),
    )


def _payment(sale: Sale) -> tuple[object, ...]:
    captured, refunded = sale.sum_of(Kind.CAPTURED), sale.sum_of(Kind.REFUNDED)
    return (
        *(sale.payment_id, sale.number, sale.buyer.email, sale.buyer.name),
        *(_payment_status(sale, captured, refunded), CURRENCY, sale.total, captured, refunded),
        *(sale.entries[0].reference, sale.placed_at),
    )


def _payment_status(sale: Sale, captured: Decimal, refunded: Decimal) -> str:
    status = Payment.Status
    if sale.sum_of(Kind.VOIDED):
        return status.REFUNDED if captured else status.VOIDED
    if refunded:
        return status.REFUNDED if refunded == sale.total else status.PARTIALLY_REFUNDED
    if captured == ZERO:
        return status.AUTHORISED
    return status.CAPTURED if captured == sale.total else status.PARTIALLY_CAPTURED


def write_parcels(sales: Sequence[Sale], history: History) -> None:
    """In the order in which they were packed, as their ids would have been given."""
    tracked_since = history.until - TRACKING_KEPT
    parcels = [(sale, parcel) for sale in sales for parcel in sale.parcels]
    parcels.sort(key=lambda pair: pair[1].packed_at)
    give_ids(Shipment, [parcel for _, parcel in parcels])
    copy_into(
        Shipment,
        SHIPMENT_FIELDS,
        (
            (
                *(p.id, p.number, sale.id, p.warehouse, p.status, sale.method, p.carrier, p.tracking_number),
                *(p.packed_at, p.dispatched_at, p.delivered_at),
            )
            for sale, p in parcels
        ),
    )
    lines = ((parcel.id, line.id, line.quantity) for _, parcel in parcels for line in parcel.lines)
    copy_into(ShipmentLine, "shipment order_line quantity", lines)
    reports = ((p.id, *report) for _, p in parcels if p.packed_at >= tracked_since for report in p.reports)
    copy_into(TrackingEvent, "shipment status place reported_at", reports)


def write_returns(sales: Sequence[Sale]) -> None:
    backs = [(sale, back) for sale in sales for back in sale.sent_back]
    backs.sort(key=lambda pair: pair[1].requested_at)
    give_ids(Return, [back for _, back in backs])
    copy_into(
        Return,
        "id number order status reason refunded requested_at closed_at",
        ((b.id, b.number, sale.id, b.status, b.reason, b.refunded, b.requested_at, b.closed_at) for sale, b in backs),
    )
    lines = ((back.id, line.id, quantity) for _, back in backs for line, quantity in back.lines)
    copy_into(ReturnLine, "returned order_line quantity", lines)
