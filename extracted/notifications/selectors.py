from django.db.models import QuerySet

from extracted.notifications.models import Email


def emails() -> QuerySet[Email]:
    return Email.objects.order_by("-id")
