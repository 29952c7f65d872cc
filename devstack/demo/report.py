"""The end: what was checked, what was measured, and where to look."""

from collections.abc import Sequence

from rich.console import Console

from devstack.demo.latency import apart, summary
from devstack.demo.outages import Outage
from devstack.demo.stack import Stack
from devstack.demo.verdict import Evidence
from devstack.shop.finding import Finding, show


class Report:
    def __init__(self, console: Console) -> None:
        self._console = console

    def findings(self, findings: Sequence[Finding]) -> None:
        self._line("")
        show(findings, self._console)

    def figures(self, evidence: Evidence, outages: Sequence[Outage]) -> None:
        """Everything measured in this run, in the order in which it happened."""
        journal, latencies = evidence.journal, apart(evidence.sight.ways, outages)
        self._line("")
        self._line(
            f"  {journal.customers} customers, {journal.orders} orders, {journal.cancelled} cancelled, "
            f"{journal.refunded} refunded; {journal.declined} cards declined, which left no event"
        )
        for outage in outages:
            seconds = "never recovered" if outage.seconds is None else f"caught up {outage.seconds:.1f} s later"
            self._line(f"  kill -9 {outage.who} with {outage.under_way} events under way: {seconds}")
        self._line(f"  publish() -> handled, all processes up: {summary(latencies.undisturbed)}")
        self._line(f"  publish() -> handled, met an outage: {summary(latencies.delayed)}")
        self._line(f"  {_again(evidence)}")

    def verdict(self, good: bool, stack: Stack, seconds: float) -> None:
        self._line("")
        if good:
            self._line(f"Every event was handled exactly once. ({seconds:.0f} s)", "bold green")
        else:
            self._line(f"NOT every event was handled exactly once: see ✗ above. ({seconds:.0f} s)", "bold red")
            self._line(f"  logs: {stack.workspace.logs} and {stack.postgres.log}")
            self._line(f"  mails: {stack.workspace.mail}")

    def addresses(self, stack: Stack) -> None:
        shop, service = stack.shop_url, stack.service_url
        self._line("")
        rows = [
            ("Shop, admin", f"{shop}/admin/"),
            ("Shop, API", f"{shop}/api/products/"),
            ("Notifications service, admin", f"{service}/admin/"),
            ("Notifications service, API", f"{service}/api/emails/"),
            ("Log in everywhere as", f"admin, password {stack.password}"),
            ("Mails that were sent", str(stack.workspace.mail / "notifications")),
            ("Logs", str(stack.workspace.logs)),
        ]
        for title, value in rows:
            self._line(f"  {title:<30}{value}")
        self._line("")
        self._line("All of it keeps running: place an order, watch its mail. Ctrl-C ends it.", "bold")

    def _line(self, text: str, style: str | None = None) -> None:
        self._console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)


def _again(evidence: Evidence) -> str:
    """Delivery is at least once: what came twice to the broker or the mail server is told, not hidden."""
    twice = {
        "events published to the broker": evidence.sight.ever_queued - evidence.sight.relayed,
        "e-mails handed to the mail server (under one Message-ID)": evidence.mailbox.total() - len(evidence.mailbox),
    }
    told = ", ".join(f"{count} {what}" for what, count in twice.items() if count > 0)
    return f"came twice and had no effect the second time: {told}" if told else "nothing came twice this time"
