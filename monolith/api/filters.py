from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django_filters import rest_framework as filters
from django_filters.fields import DateTimeRangeField


class UtcRangeField(DateTimeRangeField):
    def compress(self, data_list: list[datetime | None] | None) -> slice | None:
        """PostgreSQL knows no offset beyond ±15:59, ISO 8601 goes to ±23:59: the server is told UTC."""
        return super().compress([_utc(moment) for moment in data_list or ()])


class MomentRangeFilter(filters.DateTimeFromToRangeFilter):
    """`…_after` and `…_before`: moments in ISO 8601, with any offset."""

    field_class = UtcRangeField


def _utc(moment: datetime | None) -> datetime | None:
    try:
        return moment and moment.astimezone(UTC)
    except OverflowError as error:
        raise ValidationError("In UTC this is outside of the years 1 to 9999.") from error
