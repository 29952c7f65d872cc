"""Everything that runs in the payments tour: shop, service, their workers, and the card gateway beside them."""

from devstack.ports import LOOPBACK, kept_port
from devstack.shop.environment import Environment
from devstack.shop.programs import Program
from devstack.shop.workspace import Workspace
from devstack.tours.payments.gateway import Gateway
from devstack.tours.two_sides import TwoSidesStack

TIMEOUT_SECONDS = 1
"""So long the service waits for an answer of the gateway, before it tries again."""
DEADLINE_SECONDS = 12
"""So long an order waits for its payment, before it is cancelled."""
MOST_PAYMENTS = 6
"""Of a customer within an hour: more are flagged."""


class Stack(TwoSidesStack):
    NAME = "payments"
    SERVICE_GROUPS = ("payments", "fraud")
    SHOP_GROUPS = ("payments-monolith", "checkout", "orders", "shipping")
    """What the shop itself hears: facts and batons, answers for checkouts and for orders, what is to be packed."""
    HISTORY = ("--products", "40", "--customers", "40", "--orders", "200", "--stock", "100000", "--seed", "7")

    def __init__(self, workspace: Workspace, broker: str) -> None:
        super().__init__(workspace, broker)
        self._gateway_url = f"http://{LOOPBACK}:{kept_port(None, None)}"
        self.gateway = Gateway(self._gateway_url)

    @property
    def shop_env(self) -> Environment:
        return super().shop_env | {"GATEWAY_URL": self._gateway_url, "PAYMENT_PATIENCE": str(DEADLINE_SECONDS)}

    @property
    def service_env(self) -> Environment:
        return super().service_env | {
            "GATEWAY_URL": self._gateway_url,
            "GATEWAY_TIMEOUT": str(TIMEOUT_SECONDS),
            "FRAUD_MOST_PAYMENTS": str(MOST_PAYMENTS),
        }

    def start_programs(self) -> None:
        self.bank = self._bank()
        self.add(self.bank)  # first: a shop at stage `monolith` asks it too
        self.shop_relay = self.shop_program("shop relay", "relay", ready="relay_started")
        self.service_relay = self.service_program("service relay", "relay", ready="relay_started")
        self.caller = self.service_program("service calls", "settle_calls", "--follow", ready="")
        follow = ("--follow", "--interval", "0.5")
        self.settler = self.shop_program("settle payments", "settle_payments", *follow, ready="")
        self.sagas = self.shop_program("sagas", "saga", "work", ready="saga_worker_started")
        self.start_with(
            *(self.shop_relay, self.service_relay, self.caller, self.settler, self.sagas),
            self.service_program("service ledger", "project", "ledger", "--follow", ready=""),
        )

    def _bank(self) -> Program:
        """It keeps what it knows in a file: also after `kill -9` it knows under which key it has taken money."""
        port, journal = self._gateway_url.rpartition(":")[2], self.workspace.root / "gateway.jsonl"
        command = ["-m", "devstack.gateway", "--port", port, "--journal", str(journal)]
        return Program("gateway", command, {}, self.workspace, ready="(http://.*)/")
