from monolith.errors import ShopError


class KeyMalformed(ShopError):
    """An Idempotency-Key is 1 to 255 printable ASCII characters, such as a UUID."""

    status, code = 400, "idempotency_key_malformed"


class KeyReused(ShopError):
    """This Idempotency-Key was sent with another request before. A new request needs a new key."""

    status, code = 422, "idempotency_key_reused"
