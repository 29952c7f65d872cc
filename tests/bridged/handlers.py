from strangler.inbox import send_task
from tests.bridged.tasks import send_receipt
from tests.sample.events import StepTaken

send_task(StepTaken, send_receipt, group="receipts", arguments=lambda event: [event.thing])
