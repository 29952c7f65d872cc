"""Debezium's PostgreSQL connector, embedded in this process or in a host of its own (docs/adr/0003, docs/adr/0009)."""
