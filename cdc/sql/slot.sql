-- strangler_cdc; not for the embedded relay, which makes its own for each run
SELECT pg_create_logical_replication_slot('strangler_outbox', 'pgoutput');
