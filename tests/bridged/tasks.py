"""A task as a team has it today."""

import os

from celery import Celery

app = Celery("bridged", broker=os.environ.get("CELERY_BROKER_URL"))
app.conf.task_default_queue = f"{os.environ['EXCHANGE']}-tasks"
app.conf.broker_transport_options = {"confirm_publish": True}


@app.task
def send_receipt(thing: str) -> None:
    """Its worker is not part of the test: what counts is whether it is sent."""
