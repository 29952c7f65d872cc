"""The project whose outbox, relay and inbox are measured: an order with its lines, and stock that moves."""
