"""The shop as the payments tour runs it: stages move by command, and gates ask for less than a week of traffic."""

from monolith.settings import *  # noqa: F403
from monolith.settings import STRANGLER

STRANGLER = {
    **STRANGLER,
    # Notifications, reporting and inventory stay at home on this tour. For payments' own events the shop's list holds.
    "EVENTS_WITHOUT_CONSUMERS": (*STRANGLER["EVENTS_WITHOUT_CONSUMERS"], "inventory.*", "orders.*", "shipping.*"),
    "STAGE_SOURCE": "database",
    "STAGE_MAX_AGE": 1,
    "GATES": {"MIN_SHADOW_COMPARISONS": 50, "MIN_PARITY_ROWS": 200},
}
