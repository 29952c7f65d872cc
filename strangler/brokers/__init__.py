"""Brokers behind two ports; the URL's scheme chooses the adapter."""

from strangler.brokers.base import Broker, Delivery, OutgoingMessage, Publisher, Receipt, Replayable, Subscriber
from strangler.brokers.connect import connect

__all__ = ["Broker", "Delivery", "OutgoingMessage", "Publisher", "Receipt", "Replayable", "Subscriber", "connect"]
