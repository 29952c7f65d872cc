-- The owner of the outbox, with CREATE on the database
CREATE PUBLICATION "strangler_outbox" FOR TABLE "public"."strangler_outbox" WITH (publish = 'insert');
