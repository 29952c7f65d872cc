"""The shop and the reporting service in one process and one database, so that a test can hold them side by side."""

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS, STRANGLER

INSTALLED_APPS = [*INSTALLED_APPS, "tests.unit.extracted.reporting_beside.apps.ServiceConfig"]
DATABASES["default"]["CONN_MAX_AGE"] = 0  # the live server's threads would keep theirs beyond the tests
DATABASES["default"]["TEST"] = {"NAME": "test_reporting_beside"}
STRANGLER = {**STRANGLER, "SERVICE_TOKEN": "a token"}
REPORTING_GENERATION = 1
ROOT_URLCONF = "tests.unit.extracted.reporting_beside.urls"
