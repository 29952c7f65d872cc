"""Orders, whatever the tour is about: what the API told of them is what the shop has, and nobody was left hanging."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from devstack.tours.inventory.journal import Journal


def alike(journal: Journal, found: Mapping[str, tuple[str, str]], refusals: Collection[str]) -> Iterator[str]:
    """`found` are status and code of the shop's orders.

    What was refused while its customer waited for the answer was told to her as a problem, not as an order.
    """
    known = journal.orders
    yield from journal.unexpected
    for number, order in known.items():
        status, code = found.get(number, ("lost", ""))
        if (order.status, order.code) != (status, code):
            yield f"order {number} is {status} {code}, and the API said {order.status} {order.code}"
    refused = Counter(found[number] for number in found.keys() - known.keys())
    for (status, code), count in sorted(refused.items()):
        if status != "cancelled" or code not in refusals:
            yield f"{count} orders are {status} {code}, of which the API told nobody"
        elif count > journal.refusals[code]:
            yield f"{count} orders are cancelled with {code}, but only {journal.refusals[code]} were told so"


def waits(journal: Journal, longest: float) -> Iterator[str]:
    """`longest` is in seconds."""
    for order in journal.orders.values():
        if order.status == "pending":
            yield f"order {order.number} is pending still"
        elif order.waited > longest:
            yield f"order {order.number} was decided after {order.waited:.0f} s"


def sagas(found: Mapping[str, int]) -> Iterator[str]:
    for status, count in sorted(found.items()):
        if status not in {"completed", "compensated"}:
            yield f"{count} are {status}"
