#!/bin/sh
# Before any process of the shop starts: the tables, and for Debezium its publication and slot.
set -eu
python manage.py migrate --noinput
case "$RELAY" in
    debezium | server | connect) python manage.py cdc_setup ;;
esac
