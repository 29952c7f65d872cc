"""Who may do what. Roles are Django groups; what a role may do are Django's model permissions."""

from operator import attrgetter
from typing import Any

from django.http import Http404
from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.views import APIView


class Staff(DjangoModelPermissions):
    """Staff whose role has the model's view permission to read, and add, change or delete to write."""

    perms_map = {**DjangoModelPermissions.perms_map, "GET": ["%(app_label)s.view_%(model_name)s"]}
    perms_map["HEAD"] = perms_map["GET"]

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user and request.user.is_staff) and super().has_permission(request, view)


class OwnerOrStaff(Staff):
    """The owner, named by the view's `owner` (a path to a user, such as "customer.user"), and staff of a fitting role.

    To anybody else the object isn't there: 404, as a 403 would tell that it exists. Lists are the queryset's business.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.user and request.user.is_staff:
            return super().has_permission(request, view)
        return bool(request.user and request.user.is_authenticated)

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        if not request.user.is_staff and attrgetter(view.owner)(obj) != request.user:
            raise Http404
        return True


def may(permission: str) -> type[BasePermission]:
    """Staff with this one permission, such as "orders.refund_order": for an action that is more than a change."""

    class May(BasePermission):
        message = f"This needs the permission {permission}."

        def has_permission(self, request: Request, view: APIView) -> bool:
            return bool(request.user and request.user.is_staff and request.user.has_perm(permission))

    return May
