"""What became of an order by the end of the history: whatever would have happened later has not happened yet."""

from collections import defaultdict
from datetime import datetime, timedelta
from random import Random

from monolith.inventory.models import Reservation
from monolith.money import ZERO
from monolith.orders.models import Order
from monolith.seeding.afterwards import change_of_mind
from monolith.seeding.history import DAY, spread
from monolith.seeding.sales import Kind, Line, Parcel, Report, Sale
from monolith.shipping import carrier
from monolith.shipping.models import Shipment

Status = Order.Status

CANCELLED, LOST, IN_PARTS, PAYS_LATER = 0.035, 0.004, 0.08, 0.2
COMPLETED_AFTER = 30 * DAY  # as orders.housekeeping does it
REASONS = ("ordered by mistake", "found it cheaper elsewhere", "delivery takes too long", "changed my mind")


def live(dice: Random, sale: Sale, until: datetime) -> None:
    """Pays it, cancels or ships it, and lets the customer keep it or not."""
    pays_later = dice.random() < PAYS_LATER
    sale.enter(dice, Kind.AUTHORISED, sale.total, sale.placed_at)
    if not pays_later:
        sale.enter(dice, Kind.CAPTURED, sale.total, sale.placed_at)
    if dice.random() < CANCELLED:
        _cancel(dice, sale, until)
        return
    _ship(dice, sale, until)
    if sale.status == Status.SHIPPED:
        _deliver(dice, sale, until)
    if sale.status == Status.DELIVERED:
        change_of_mind(dice, sale, until)
    if sale.status == Status.DELIVERED and sale.delivered_at + COMPLETED_AFTER <= until:
        sale.status = Status.COMPLETED


def _cancel(dice: Random, sale: Sale, until: datetime) -> None:
    moment = sale.placed_at + spread(dice, 0.1, 20)
    if moment > until:
        return
    sale.status, sale.cancelled_at, sale.cancel_reason = Status.CANCELLED, moment, dice.choice(REASONS)
    for line in sale.lines:
        line.promise = Reservation.Status.RELEASED
    paid, unused = sale.sum_of(Kind.CAPTURED), sale.capturable
    if paid:
        sale.enter(dice, Kind.REFUNDED, paid, moment)
    if unused:
        sale.enter(dice, Kind.VOIDED, unused, moment)


def _ship(dice: Random, sale: Sale, until: datetime) -> None:
    """In one go, or one line (for which the warehouse had to wait) some days after the others."""
    first = _on_a_workday(sale.placed_at + spread(dice, 3, 60))
    rounds = [(first, sale.lines)]
    if len(sale.lines) > 1 and dice.random() < IN_PARTS:
        second = _on_a_workday(first + spread(dice, 40, 240))
        rounds = [(first, sale.lines[:-1]), (second, sale.lines[-1:])]
    for moment, lines in rounds:
        if moment > until:
            return
        _pack(sale, lines, moment)
        complete = not any(sale.unpacked())
        due = sale.capturable if complete else min(sale.capturable, sum((line.total for line in lines), ZERO))
        if due:
            sale.enter(dice, Kind.CAPTURED, due, moment)
        sale.status = Status.SHIPPED if complete else Status.PARTIALLY_SHIPPED
        sale.shipped_at = moment if complete else None
        for parcel in sale.parcels[-len({line.place.warehouse for line in lines}) :]:
            _carry(dice, sale, parcel, until)


def _pack(sale: Sale, lines: list[Line], moment: datetime) -> None:
    """One parcel per warehouse. Its number follows from the order's, so no two orders can have the same one."""
    by_warehouse = defaultdict(list)
    for line in lines:
        line.promise = Reservation.Status.FULFILLED
        by_warehouse[line.place.warehouse].append(line)
    for warehouse, its_lines in by_warehouse.items():
        number = f"P-{sale.number[2:].replace('-', '')}{len(sale.parcels) + 1}"
        sale.parcels.append(Parcel(number, warehouse, its_lines, moment))


def _carry(dice: Random, sale: Sale, parcel: Parcel, until: datetime) -> None:
    dispatched = parcel.packed_at + spread(dice, 0.2, 7)
    hours = (10, 34) if sale.method == "express" else (22, 100)
    abroad = timedelta() if sale.destination.country == "DE" else spread(dice, 18, 70)
    delivered = dispatched + spread(dice, *hours) + abroad
    sorted_at = dispatched + (delivered - dispatched) / 3
    if dispatched > until:
        return
    parcel.status, parcel.dispatched_at = Shipment.Status.DISPATCHED, dispatched
    parcel.carrier, parcel.tracking_number = carrier.book(parcel.number, method=sale.method)
    reports = [Report("picked up", "", dispatched), Report("in transit", "parcel centre", sorted_at)]
    is_whole_order = len(parcel.lines) == len(sale.lines)
    if not (is_whole_order and dice.random() < LOST):
        reports.append(Report("delivered", sale.destination.city, delivered))
        if delivered <= until:
            parcel.status, parcel.delivered_at = Shipment.Status.DELIVERED, delivered
    parcel.reports = [report for report in reports if report.at <= until]


def _deliver(dice: Random, sale: Sale, until: datetime) -> None:
    """A parcel the carrier finds no trace of is paid back."""
    if all(parcel.delivered_at for parcel in sale.parcels):
        sale.status = Status.DELIVERED
        sale.delivered_at = max(parcel.delivered_at for parcel in sale.parcels)
        return
    parcel = sale.parcels[0]
    given_up = parcel.packed_at + spread(dice, 14 * 24, 24 * 24)
    if given_up <= until and parcel.status == Shipment.Status.DISPATCHED:
        parcel.status = Shipment.Status.LOST
        parcel.reports.append(Report("no trace of it", "parcel centre", given_up))
        sale.enter(dice, Kind.REFUNDED, sale.sum_of(Kind.CAPTURED), given_up)
        sale.status = Status.REFUNDED


def _on_a_workday(moment: datetime) -> datetime:
    return moment + DAY if moment.weekday() == 6 else moment
