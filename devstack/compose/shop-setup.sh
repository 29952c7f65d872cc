#!/bin/sh
# Before any process of the shop starts: the tables, and what the log is read by: role, publication, for Debezium its slot.
set -eu
python manage.py migrate --noinput
case "$RELAY" in
    stream | debezium | server | connect) python manage.py cdc_setup ;;
esac
