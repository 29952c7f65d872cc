"""People who work in the shop, to try the back office with: one who may everything, and one of each role."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from monolith.roles import ROLES


@transaction.atomic
def make_staff(password: str) -> None:
    """The users 'admin', 'support', 'warehouse' and 'finance'. What a role may do belongs to its group."""
    admin = _staff("admin", password)
    admin.is_superuser = True
    admin.save()
    for role in ROLES:
        user = _staff(role, password)
        user.save()
        user.groups.add(Group.objects.get_or_create(name=role)[0])


def _staff(username: str, password: str) -> Any:
    """Sets the password of an existing one only where it differs: a new hash would end her sessions."""
    user, _ = get_user_model().objects.get_or_create(username=username, defaults={"email": f"{username}@example.com"})
    if not user.check_password(password):
        user.set_password(password)
    user.is_staff = True
    return user
