"""What the event store needs of PostgreSQL beyond tables and indexes."""

REFUSAL = "strangler_stream_event is append-only: what has happened stays; append an event that corrects it"

# For each statement, so that it costs those who only append nothing.
CREATE_APPEND_ONLY = f"""
    CREATE FUNCTION strangler_stream_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    CREATE TRIGGER strangler_stream_append_only BEFORE UPDATE OR DELETE ON strangler_stream_event
        FOR EACH STATEMENT EXECUTE FUNCTION strangler_stream_append_only();
"""
DROP_APPEND_ONLY = """
    DROP TRIGGER strangler_stream_append_only ON strangler_stream_event;
    DROP FUNCTION strangler_stream_append_only();
"""
