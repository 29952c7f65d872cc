import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from monolith.seeding import seed_customers, seed_products

LONG = 5000  # rows from which a progress bar is worth a look


class Command(BaseCommand):
    help = "Fill the shop with products, stock and customers. Safe to run again: it adds what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--products", type=int, default=50)
        parser.add_argument("--customers", type=int, default=20)
        parser.add_argument("--stock", type=int, default=1000, help="units of each new product")
        parser.add_argument("--seed", type=int, default=7, help="the same number gives the same names and prices")
        parser.add_argument(
            "--admin-password-file",
            type=Path,
            help="makes the staff user 'admin' with the password in this file (or in the environment: ADMIN_PASSWORD)",
        )

    def handle(
        self,
        *,
        products: int,
        customers: int,
        stock: int,
        seed: int,
        admin_password_file: Path | None,
        **_options: Any,
    ) -> None:
        for option, value in {"--products": products, "--customers": customers, "--stock": stock}.items():
            if value < 0:
                raise CommandError(f"{option} can't be negative, and {value} is.")
        password = _admin_password(admin_password_file)
        with _progress(products + customers) as progress:
            new_products = seed_products(products, stock=stock, seed=seed, progress=progress)
            new_customers = seed_customers(customers, seed=seed, progress=progress)
        self.stdout.write(f"{new_products} products and {new_customers} customers added")
        if password:
            _make_admin(password)
            self.stdout.write("staff user 'admin' is ready")


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


def _make_admin(password: str) -> None:
    """Sets the password of an existing one only where it differs: a new hash would end her sessions."""
    admin, _ = get_user_model().objects.get_or_create(username="admin", defaults={"email": "admin@example.com"})
    if not admin.check_password(password):
        admin.set_password(password)
    admin.is_staff = admin.is_superuser = True
    admin.save()


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
