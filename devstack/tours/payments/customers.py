"""Staff who also give some of the money back, for goods that stay with the customer."""

from decimal import Decimal

from devstack.tours.inventory.customers import Staff
from devstack.tours.inventory.journal import Bought

REFUND_EVERY = 3
GOODWILL = Decimal("1.00")


class Cashiers(Staff):
    def _after(self, order: Bought, parcels: list[str]) -> None:
        super()._after(order, parcels)
        if self._sent % REFUND_EVERY == 0 and not order.returned:
            self._give_back(order)

    def _give_back(self, order: Bought) -> None:
        answer = self._api.call("POST", f"orders/{order.number}/refund/", {"amount": str(GOODWILL)})
        if answer.status == 200:
            order.refunded += GOODWILL
        else:
            with self._journal.written() as journal:
                journal.unexpected.append(f"a refund of {order.number} was answered {answer.status}: {answer.body}")
