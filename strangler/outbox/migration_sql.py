"""What the outbox needs of PostgreSQL beyond tables and indexes."""

CREATE_SEQUENCE = "CREATE SEQUENCE strangler_outbox_position_seq"
DROP_SEQUENCE = "DROP SEQUENCE strangler_outbox_position_seq"

CHANNEL = "strangler_outbox"
SLEEP_LOCK = 0x7374_7261_6E67_6C66
"""An advisory lock: exclusive for a relay that sleeps, or is about to; shared by those who write, until they commit."""

# Whoever writes the row: publish(), a trigger of the team's own, psql. `strangler.relay.wakeup` says why.
CREATE_NOTIFY = f"""
    CREATE FUNCTION strangler_outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT pg_try_advisory_xact_lock_shared({SLEEP_LOCK}) THEN
            PERFORM pg_notify('{CHANNEL}', '');
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER strangler_outbox_notify AFTER INSERT ON strangler_outbox
        FOR EACH STATEMENT EXECUTE FUNCTION strangler_outbox_notify();
"""
DROP_NOTIFY = """
    DROP TRIGGER strangler_outbox_notify ON strangler_outbox;
    DROP FUNCTION strangler_outbox_notify();
"""
