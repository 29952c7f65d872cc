"""People who buy and change their minds, until SIGTERM: `python -m tests.acceptance.buying SEED`.

With the shop's settings. Says each second how many orders there were.
"""

from __future__ import annotations

import random
import sys
import time

import django


def main() -> None:
    django.setup()
    from monolith.catalog.selectors import variants_on_sale
    from monolith.customers.models import Customer
    from monolith.orders.factories import BERLIN
    from monolith.orders.models import Order
    from monolith.orders.services import add_to_cart, cancel_order, cart_of, checkout, refund_order

    dice = random.Random(sys.argv[1])
    customers = list(Customer.objects.order_by("pk"))
    variants = list(variants_on_sale().order_by("sku"))
    orders: list[Order] = []
    said = time.monotonic()
    while True:
        cart = cart_of(dice.choice(customers))
        for variant in dice.sample(variants, dice.randint(1, 3)):
            add_to_cart(cart, variant.sku, dice.randint(1, 3))
        orders.append(checkout(cart, address=BERLIN, card_token="tok_visa"))
        if dice.random() < 0.4:
            took_back = orders.pop(dice.randrange(len(orders)))
            dice.choice((lambda o: cancel_order(o, "no"), refund_order))(took_back)
        if time.monotonic() - said > 1:
            said = time.monotonic()
            print(f"{len(orders)} orders", flush=True)
        time.sleep(0.02)


if __name__ == "__main__":
    main()
