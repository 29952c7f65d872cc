"""What both sides must make of the same event: two Message-IDs for one e-mail would hide a double from every reader."""

CAUSE, ADDRESS, TEMPLATE = "0190a5b2-7c3d-7e4f-8a1b-2c3d4e5f6071", "ada@example.com", "refund"
FROM = "The Shop <hello@shop.example>"
MESSAGE_ID = "<6110fb9a-1dfb-576f-8688-0de7fb8fabc7@shop.example>"
