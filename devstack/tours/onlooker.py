"""Somebody who has the dashboards open all the time, and notices when one fails to answer."""

import threading
import time
from collections.abc import Callable

import httpx

from devstack.demo.shopper import TIMEOUT_SECONDS
from devstack.shop.errors import CannotGoOn

LOOKS_PER_SECOND = 10.0
PAGE, LOG_IN = "/admin/reporting/dashboard/?days=90", "/admin/login/"


class Onlooker:
    """`looks` are answers, of which `failures` says what is wrong with some."""

    def __init__(self, url: str, password: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False)
        self._client.get(LOG_IN).raise_for_status()
        csrf = {"csrfmiddlewaretoken": self._client.cookies["csrftoken"]}
        answer = self._client.post(LOG_IN, data={**csrf, "username": "admin", "password": password})
        if answer.status_code != httpx.codes.FOUND:
            raise CannotGoOn(f"the administrator cannot log in at {url}{LOG_IN}: {answer.status_code}")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="onlooker", daemon=True)
        self.looks = 0
        self.failures: list[str] = []
        self._times: list[float] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
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
        while not self._stop.wait(1 / LOOKS_PER_SECOND):
            started = time.monotonic()
            try:
                answer = self._client.get(PAGE)
            except httpx.HTTPError as error:
                self.failures.append(repr(error))
                continue
            self.looks += 1
            self._times.append(time.monotonic() - started)
            if answer.status_code != httpx.codes.OK:
                self.failures.append(f"{answer.status_code}: {answer.text[:200]}")
