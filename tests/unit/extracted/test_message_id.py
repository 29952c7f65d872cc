from monolith.notifications.services import message_id
from tests.unit.extracted import message_ids


def test_the_monolith_gives_the_message_id_that_the_service_gives(settings):
    """The service's half is in notifications/test_emails.py."""
    settings.DEFAULT_FROM_EMAIL = message_ids.FROM
    assert message_id(message_ids.CAUSE, message_ids.ADDRESS, message_ids.TEMPLATE) == message_ids.MESSAGE_ID
