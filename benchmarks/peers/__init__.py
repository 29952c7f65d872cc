"""What others have published, each at the best settings its source offers. Runs in an environment of its own.

A module is a peer: `NAME`, `APPS` and `SETTINGS` of its Django project, `record()` to commit events, `relay()` to carry
them, or `consume()` to handle them, and in its docstring what was set and why. Nothing here imports the kit.

Looked at and left out, because there is nothing to compare or no way to run it here:

- django-broadcaster 0.1: publishes to Redis streams only, any other backend is "unknown" to its settings.
- django-y-message 1.0, django-faktory-outbox 0.2: publish to other brokers.
- django-reliable-outbox 0.1 (Python 3.12), django-modern-outbox 0.1, django-pneumatic 1.0 (both 3.13): want newer
  Pythons than the one this project starts at.
"""
