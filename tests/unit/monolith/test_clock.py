"""What beat sends, and that a worker runs nothing else."""

import pytest
from django.conf import settings
from django.core.management import get_commands

from monolith.celery import app
from monolith.tasks import run

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("entry", settings.CELERY_BEAT_SCHEDULE.values(), ids=settings.CELERY_BEAT_SCHEDULE)
def test_what_beat_sends_is_a_task_that_runs(entry, capsys):
    app.loader.import_default_modules()
    assert entry["task"] in app.tasks
    [command] = entry["args"]
    assert command.split()[0] in get_commands()
    app.tasks[entry["task"]].apply(entry["args"], throw=True)


def test_a_worker_runs_no_other_command():
    with pytest.raises(ValueError, match=r"'flush' is not in monolith/settings/clock\.py"):
        run.apply(["flush"], throw=True)
