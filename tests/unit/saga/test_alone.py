from __future__ import annotations

from strangler.inbox.subscriptions import subscriptions


def test_answers_are_taken_in_transactions_of_their_own() -> None:
    """Or two instances would lock the project's rows in an order in which nobody else does."""
    assert all(subscription.alone for subscription in subscriptions.of_group("trips").values())
