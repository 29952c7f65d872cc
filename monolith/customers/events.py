from strangler.messaging import Event


class CustomerRegistered(
    Event, type="customers.customer_registered", version=1, aggregate="customer", key="customer_id"
):
    """Somebody new can buy from now on."""

    customer_id: int
    email: str
    name: str
