"""The write-ahead log as PostgreSQL streams it, read by psycopg (docs/adr/0010-native-stream-relay.md)."""
