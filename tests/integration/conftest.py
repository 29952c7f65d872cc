from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration import deployments
from tests.stack import servers
from tests.support.project import Project


@pytest.fixture
def broker_url(request: pytest.FixtureRequest) -> str:
    """Of the broker that the test names as the fixture's parameter."""
    return deployments.broker_url(request.param)


@pytest.fixture
def new_project(broker_url: str, tmp_path: Path) -> Iterator[Callable[[str], Project]]:
    projects: list[Project] = []

    def make(relay: str) -> Project:
        projects.append(Project(servers.business().start(), broker_url, relay=relay, folder=tmp_path))
        return projects[-1]

    yield make
    for project in projects:
        project.close()
