-- strangler_cdc; not for RELAY=stream or debezium, which make their own for each run
SELECT pg_create_logical_replication_slot('strangler_outbox', 'pgoutput');
