from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from monolith.customers.factories import UserFactory


def url(model: Any, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def desk(client: Client, staff: Any) -> Client:
    """A browser with somebody in front of it who may do everything."""
    client.force_login(staff)
    return client


@pytest.fixture
def desk_of(db: None) -> Callable[[str], Client]:
    """A browser with a person of one role in front of it: `desk_of("support")`; "" is staff without a role."""

    def sit_down(role: str) -> Client:
        user = UserFactory(is_staff=True)
        if role:
            user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user)
        return client

    return sit_down


def messages_of(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def act(desk: Client, model: Any, action: str, **answers: object) -> list[str]:
    """Runs an action from the list, over all rows; `answers` go into the page it shows."""
    form = {"action": action, "_selected_action": [row.pk for row in model.objects.all()]}
    if answers:
        form |= {"confirmed": "yes", **answers}
    return messages_of(desk.post(url(model, "changelist"), form, follow=True))


def inlines(desk: Client, page: str) -> dict[str, object]:
    """What a browser sends along for the inlines of a page, changed or not."""
    forms = [inline.formset.management_form for inline in desk.get(page).context["inline_admin_formsets"]]
    return {form.add_prefix(name): form.initial[name] for form in forms for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
