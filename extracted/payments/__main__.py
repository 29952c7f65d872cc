"""`python -m extracted.payments <command>`: manage.py of this service, always with this service's settings."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

NAME = "python -m extracted.payments"

if __name__ == "__main__":
    # Not setdefault: in a shell set up for the shop, these commands would work on the shop. --settings still counts.
    os.environ["DJANGO_SETTINGS_MODULE"] = "extracted.payments.settings"
    try:
        execute_from_command_line([NAME, *sys.argv[1:]])
    except ImproperlyConfigured as mistake:
        sys.exit(f"{NAME}: {mistake}")
