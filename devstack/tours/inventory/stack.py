"""Everything that runs in the inventory tour: shop and service, each with its own outbox, relay and consumers."""

from devstack.tours.two_sides import TwoSidesStack


class Stack(TwoSidesStack):
    NAME = "inventory"
    SERVICE_GROUPS = ("inventory",)
    SHOP_GROUPS = ("inventory-monolith", "checkout", "shipping")
    """What the shop itself hears: what becomes of stock, answers that a checkout waits for, what is to be packed."""
    HISTORY = ("--products", "40", "--customers", "40", "--orders", "200", "--stock", "40", "--seed", "7")

    def start_programs(self) -> None:
        self.shop_relay = self.shop_program("shop relay", "relay", ready="relay_started")
        self.service_relay = self.service_program("service relay", "relay", ready="relay_started")
        self.settler = self.shop_program("settle stock", "settle_stock", "--follow", "--interval", "0.5", ready="")
        self.sagas = self.shop_program("sagas", "saga", "work", ready="saga_worker_started")
        self.start_with(
            *(self.shop_relay, self.service_relay),
            *(self.settler, self.sagas),
            self.service_program("service expiry", "release_expired_reservations", "--loop", ready=""),
        )
