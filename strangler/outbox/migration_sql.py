"""What the outbox needs of PostgreSQL beyond tables and indexes."""

CREATE_SEQUENCE = "CREATE SEQUENCE strangler_outbox_position_seq"
DROP_SEQUENCE = "DROP SEQUENCE strangler_outbox_position_seq"

# One notification a statement, whoever writes the row: publish(), a trigger of the team's own, psql.
CREATE_NOTIFY = """
    CREATE FUNCTION strangler_outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('strangler_outbox', '');
        RETURN NULL;
    END $$;
    CREATE TRIGGER strangler_outbox_notify AFTER INSERT ON strangler_outbox
        FOR EACH STATEMENT EXECUTE FUNCTION strangler_outbox_notify();
"""
DROP_NOTIFY = """
    DROP TRIGGER strangler_outbox_notify ON strangler_outbox;
    DROP FUNCTION strangler_outbox_notify();
"""
