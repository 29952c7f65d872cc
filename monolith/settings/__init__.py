"""The settings every process of the shop runs with. What differs between machines comes from the environment."""

from monolith.settings.base import *  # noqa: F403
from monolith.settings.rest import *  # noqa: F403
from monolith.settings.security import *  # noqa: F403
