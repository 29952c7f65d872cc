from strangler.messaging import Event


class OrderChanged(Event, type="orders.order_changed", aggregate="order", key="number"):
    number: str
