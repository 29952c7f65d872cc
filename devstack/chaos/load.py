"""The shoppers of a run, at a steady pace for as long as the faults last."""

import random

from devstack.chaos.client import Client
from devstack.chaos.shopper import Shopper
from devstack.chaos.writes import WriteLog
from devstack.shop.crew import Crew

SHOPPERS = 4
ACTIONS_PER_SECOND = 8.0


class Load:
    """`register()`, `start()`, and after `stop()`, once the shop is at rest, `resolve()` and `close()`."""

    def __init__(self, url: str, log: WriteLog, *, password: str, seed: int) -> None:
        self._url, self._password = url, password
        dice = [random.Random(f"{seed} shopper {number}") for number in range(SHOPPERS)]  # noqa: S311
        self._shoppers = [Shopper(number, url, log, dice[number]) for number in range(SHOPPERS)]
        crew = Crew([shopper.act for shopper in self._shoppers], per_second=ACTIONS_PER_SECOND)
        self.start, self.stop, self.check = crew.start, crew.stop, crew.check

    def register(self) -> None:
        staff = Client(self._url)
        login = {"username": "admin", "password": self._password}
        token = staff.ask("POST", "customers/token/", (200,), login).body["token"]
        staff.close()
        for shopper in self._shoppers:
            shopper.register(token)

    def resolve(self) -> None:
        """Raises CannotGoOn when the shop gives no answer even now."""
        for shopper in self._shoppers:
            shopper.resolve()

    def close(self) -> None:
        for shopper in self._shoppers:
            shopper.close()
