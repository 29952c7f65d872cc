"""Do the books balance, has any payment two owners? Asked of both databases all the while."""

import psycopg

from devstack.postgres import EmbeddedPostgres
from devstack.tours.watching import Watcher

# Each is one statement, so of one moment.
LEFT_OVER = "SELECT currency, sum(amount) FROM payments_ledgerposting GROUP BY currency"
BALANCES = """
    SELECT account, currency, balance, made FROM payments_ledgeraccount
    FULL JOIN (SELECT account, currency, sum(amount) AS made FROM payments_ledgerposting GROUP BY account, currency) p
        USING (account, currency)
"""


class Onlooker(Watcher):
    SERVICE = "payments"
    BATONS = "SELECT order_number, epoch, owner FROM payments_ownership"

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        super().__init__(postgres)
        self.balances = 0

    def look(self, shop: psycopg.Connection, service: psycopg.Connection) -> None:
        for currency, left_over in service.execute(LEFT_OVER).fetchall():
            if left_over:
                self.fault(f"{currency}: all postings leave {left_over} over")
        for account, currency, balance, made in service.execute(BALANCES).fetchall():
            self.balances += 1
            if balance != made:
                self.fault(f"{account} in {currency}: the balance is {balance}, its postings make {made}")
