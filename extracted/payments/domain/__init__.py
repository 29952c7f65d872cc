"""What a payment is and may become, without a database, a clock or a gateway: events, state, decisions, postings."""
