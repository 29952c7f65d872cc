"""The limits: hand-written loops with nothing else in them. No Django, no kit, no keys, no retries, no log."""
