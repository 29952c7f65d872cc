"""Events in words and numbers, the same for the live table and the plain lines."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from devstack.demo.journal import Journal
from devstack.demo.latency import percentile
from devstack.demo.observer import Sight, Way

RECENT = 100
SLOW_MS = 1000


def orders(journal: Journal) -> str:
    return f"orders {journal.orders}, cancelled {journal.cancelled}, refunded {journal.refunded}"


def events(sight: Sight) -> str:
    """Only those that the service is to handle."""
    ways = len(sight.ways)
    return f"events: published {ways}, relayed {sight.relayed}, handled {sight.handled}, mailed {sight.mailed}"


def recent(sight: Sight) -> str:
    """How long the latest events took from `publish()` to the handler."""
    values = [way.latency for way in sight.ways if way.latency is not None][-RECENT:]
    if not values:
        return "nothing handled yet"
    return f"last {len(values)} events: p50 {percentile(values, 50):.0f} ms, longest {max(values):.0f} ms"


def batch(ways: Sequence[Way]) -> str:
    """Which events were handled, and how long the slowest of them took from end to end."""
    kinds = Counter(short_type(way) for way in ways)
    named = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    slowest = max(ways, key=lambda way: way.latency or 0)
    return f"+ {named}; slowest: {_way(slowest)}"


def table(ways: Sequence[Way], *, width: int) -> Table:
    found = Table(width=min(width, 110), box=None, header_style="bold", pad_edge=False)
    for title in ("published", "event", "key"):
        found.add_column(title, no_wrap=True)
    for title in ("→ relayed", "→ handled", "→ mailed"):
        found.add_column(title, justify="right", no_wrap=True)
    for way in ways:
        moments = (way.relayed_at, way.handled_at, way.mailed_at)
        found.add_row(
            f"{way.created_at:%H:%M:%S.%f}"[:-3],
            short_type(way),
            way.aggregate_id,
            *(_milliseconds(way, moment) for moment in moments),
        )
    return found


def short_type(way: Way) -> str:
    """`orders.order_placed` as the class is called: OrderPlaced."""
    return way.type.rpartition(".")[2].title().replace("_", "")


def _milliseconds(way: Way, moment: datetime | None) -> Text:
    value = way.until(moment)
    if value is None:
        return Text("...", style="yellow")
    return Text(f"{value:.0f} ms", style="red" if value >= SLOW_MS else "green")


def _way(way: Way) -> str:
    """Milliseconds since the publish; a message may be handled before the relay has noted the broker's answer."""
    stations = (("relayed", way.relayed_at), ("handled", way.handled_at), ("mailed", way.mailed_at))
    known = ((name, way.until(moment)) for name, moment in stations)
    return ", ".join(f"{name} {value:.0f} ms" if value is not None else f"not yet {name}" for name, value in known)
