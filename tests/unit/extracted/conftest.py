# These run under settings of their own, in processes of their own: inner.py starts them.
collect_ignore = ["inventory", "notifications", "payments", "reporting", "reporting_beside"]
