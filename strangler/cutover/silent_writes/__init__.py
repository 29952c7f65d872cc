"""Silent writes: rows of a model change, and no event tells of it (docs/silent-writes.md).

What counts as one is decided here, once, for the guard of the tests (`strangler.testing.silent_writes`) and for the
audit of a running database (`manage.py audit_writes`).
"""
