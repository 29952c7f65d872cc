"""The inbox that users of Celery and FastStream write themselves: a table of ids, one transaction a message."""
