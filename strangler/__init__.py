"""Move a Django monolith to events, one bounded context at a time."""
