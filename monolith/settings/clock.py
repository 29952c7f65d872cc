"""What the shop does by itself: `celery -A monolith.celery beat` sends each of these commands to a worker."""

from celery.schedules import crontab

BY_THE_CLOCK = {
    "release_expired_reservations": crontab(),
    "outbox_check": crontab(minute="*/5"),
    "complete_orders": crontab(hour=2, minute=10),
    "outbox_prune": crontab(hour=3, minute=10),
    "inbox_prune": crontab(hour=3, minute=20),
    "saga prune": crontab(hour=3, minute=25),
    "prune_inventory": crontab(hour=3, minute=27),
    "prune_payments": crontab(hour=3, minute=29),
    "prune_idempotency_keys": crontab(hour=3, minute=30),
    "prune_throttles": crontab(hour=3, minute=40),
}
