# These run under settings of their own, in processes of their own: inner.py starts them.
collect_ignore = ["inventory", "notifications", "reporting", "reporting_beside"]
