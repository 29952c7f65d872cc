-- Everything back; an unused slot keeps log until the disk is full
SELECT pg_drop_replication_slot('strangler_outbox');
DROP PUBLICATION "strangler_outbox";
