"""Contexts whose old code is deleted: for them there is no stage but `retired`, and no way back by a setting.

In a module of its own, which knows nothing of settings: the release that deletes the code declares it.
"""

from __future__ import annotations

gone: dict[str, str] = {}
"""By context, the way back."""


def code_is_gone(context: str, *, way_back: str) -> None:
    """Declare it in the `gates.py` of the context's app, in the release that deletes the monolith's side.

    From then on `manage.py check`, and with it `migrate` and `runserver`, refuse any stage before `retired`
    (`strangler.E305`), and so does `manage.py stage`, `--force` or not. `way_back` is a text for whoever wants one all
    the same: which deployment and which backup.
    """
    gone[context] = way_back


def refusal(context: str, stage: object) -> str:
    """What stands against this stage of a context whose code is gone."""
    return f"{context} can't be {stage}: its code is deleted here, so `retired` is all it can be"
