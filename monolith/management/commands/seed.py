import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from monolith.seeding import History, SeedRefused, add_orders, analyze, seed_customers, seed_products
from monolith.seeding.history import EARLIEST
from monolith.seeding.staff import make_staff

LONG = 5000  # rows from which a progress bar is worth a look


class Command(BaseCommand):
    help = "Fill the shop with products, stock, customers and two years of orders. Run again, it adds what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--products", type=int, default=50)
        parser.add_argument("--customers", type=int, default=20)
        parser.add_argument("--orders", type=int, default=0, help="spread over the two years before --until")
        parser.add_argument("--stock", type=int, default=1000, help="units of each new variant in the main warehouse")
        parser.add_argument("--seed", type=int, default=7, help="the same number gives the same shop")
        parser.add_argument(
            "--until",
            default="",
            metavar="YYYY-MM-DD[THH:MM]",
            help="when the history ends, in UTC (default: at midnight, when today began)",
        )
        parser.add_argument(
            "--admin-password-file",
            type=Path,
            help="makes the staff users 'admin', 'support', 'warehouse' and 'finance' with the password in this file "
            "(or in the environment: ADMIN_PASSWORD)",
        )

    def handle(self, *, until: str, seed: int, admin_password_file: Path | None, **options: Any) -> None:
        wanted = {name: options[name] for name in ("products", "customers", "orders", "stock")}
        for name, value in wanted.items():
            if value < 0:
                raise CommandError(f"--{name} can't be negative, and {value} is.")
        history = History(_end_of_history(until), seed)
        password = _admin_password(admin_password_file)
        try:
            self.stdout.write(_seed(history, **wanted))
        except SeedRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        if password:
            make_staff(password)
            self.stdout.write("staff user 'admin' is ready")
            self.stdout.write("staff users 'support', 'warehouse' and 'finance' are ready")


def _seed(history: History, *, products: int, customers: int, orders: int, stock: int) -> str:
    """What was added, in words."""
    with _progress(products + customers + orders) as progress:
        new_products = seed_products(products, stock=stock, history=history, progress=progress)
        new_customers = seed_customers(customers, history=history, progress=progress)
        added = f"{new_products} products and {new_customers} customers added"
        if orders:
            new_orders = add_orders(orders, products=products, customers=customers, history=history, progress=progress)
            added = f"{added}, {new_orders} orders"
    analyze()
    return added


def _end_of_history(text: str) -> datetime:
    if not text:
        return timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--until {text} is no date; write it like 2026-11-23 or 2026-11-23T15:00.") from error
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if not EARLIEST <= moment <= timezone.now():
        raise CommandError(f"--until {text} must be between {EARLIEST:%Y-%m-%d} and now: the past is what is seeded.")
    return moment


def _admin_password(file: Path | str | None) -> str:
    if not file:
        return os.environ.get("ADMIN_PASSWORD", "")
    path = Path(file)
    try:
        password = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise CommandError(f"--admin-password-file {path}: {error.strerror}.") from error
    if not password:
        raise CommandError(f"--admin-password-file {path} is empty; put the password on its first line.")
    return password


@contextmanager
def _progress(rows: int) -> Iterator[Callable[[int], object]]:
    if rows < LONG or not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("seeding", total=rows)
        yield lambda done: bar.advance(task, done)
