from django.apps import AppConfig


class ReceivedConfig(AppConfig):
    name = "benchmarks.peers.received"
    label = "received"
