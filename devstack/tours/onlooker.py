"""Somebody who has a page open all the time, and notices when it fails to answer."""

import threading
import time
from collections.abc import Callable

import httpx

from devstack.demo.shopper import TIMEOUT_SECONDS
from devstack.shop.errors import CannotGoOn

LOG_IN = "/admin/login/"


class Onlooker:
    """`looks` are answers of `page`, of which `failures` says what is wrong with some."""

    def __init__(self, url: str, page: str, *, per_second: float) -> None:
        self._client = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False)
        self._page, self._interval = page, 1 / per_second
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="onlooker", daemon=True)
        self.looks = 0
        self.failures: list[str] = []
        self._times: list[float] = []

    def log_in(self, password: str) -> None:
        """As the administrator, before `start()`."""
        self._client.get(LOG_IN).raise_for_status()
        csrf = {"csrfmiddlewaretoken": self._client.cookies["csrftoken"]}
        answer = self._client.post(LOG_IN, data={**csrf, "username": "admin", "password": password})
        if answer.status_code != httpx.codes.FOUND:
            raise CannotGoOn(
                f"the administrator cannot log in at {self._client.base_url}{LOG_IN}: {answer.status_code}"
            )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._client.close()

    def median_of(self, seconds: float, check: Callable[[], None]) -> float:
        """Milliseconds that a look takes, over the looks of the next `seconds`."""
        self._times.clear()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            check()
            time.sleep(0.1)
        taken = sorted(self._times)
        return 1000 * taken[len(taken) // 2] if taken else float("nan")

    def _look_on(self) -> None:
        while not self._stop.wait(self._interval):
            started = time.monotonic()
            try:
                answer = self._client.get(self._page)
            except httpx.HTTPError as error:
                self.failures.append(repr(error))
                continue
            self.looks += 1
            self._times.append(time.monotonic() - started)
            if answer.status_code != httpx.codes.OK:
                self.failures.append(f"{answer.status_code}: {answer.text[:200]}")
