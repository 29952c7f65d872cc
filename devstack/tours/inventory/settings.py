"""The shop as the inventory tour runs it: stages move by command, and gates ask for less than a week of traffic."""

from monolith.settings import *  # noqa: F403
from monolith.settings import STRANGLER

STRANGLER = {
    **STRANGLER,
    # Notifications and reporting stay at home on this tour. For inventory's own events the shop's list holds.
    "EVENTS_WITHOUT_CONSUMERS": (*STRANGLER["EVENTS_WITHOUT_CONSUMERS"], "orders.*", "payments.*", "shipping.*"),
    "STAGE_SOURCE": "database",
    "STAGE_MAX_AGE": 1,
    "GATES": {"MIN_SHADOW_COMPARISONS": 50, "MIN_PARITY_ROWS": 200},
}
