from django.db import models


class Received(models.Model):
    id = models.UUIDField(primary_key=True)

    class Meta:
        db_table = "peer_received"

    def __str__(self) -> str:
        return str(self.pk)
