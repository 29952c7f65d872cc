# These run under the service's own settings, in a process of their own: test_notifications_service.py starts it.
collect_ignore = ["notifications"]
