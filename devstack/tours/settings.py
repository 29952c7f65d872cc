"""The shop as the tours run it: stages are moved by command, and gates ask for less than a week of traffic."""

from monolith.settings import *  # noqa: F403
from monolith.settings import STRANGLER

STRANGLER = {
    **STRANGLER,
    "EVENTS_WITHOUT_CONSUMERS": ("*",),  # reporting takes what it takes; notifications stay at home on this tour
    "STAGE_SOURCE": "database",
    "STAGE_MAX_AGE": 1,
    "GATES": {"MIN_SHADOW_COMPARISONS": 20, "MIN_PARITY_ROWS": 1_000},
}
