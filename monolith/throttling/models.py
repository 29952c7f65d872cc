from django.db import models


class Meter(models.Model):
    """How far one client is ahead of its rate. The table is UNLOGGED: writing costs no WAL, a crash forgives all."""

    key = models.CharField(max_length=200, primary_key=True)
    busy_until = models.DateTimeField(help_text="when it would be done, were its requests served evenly at its rate")

    def __str__(self) -> str:
        return self.key
