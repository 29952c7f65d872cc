"""Where the cluster is and as whom we come, out of one URL."""

from __future__ import annotations

import pytest

pytest.importorskip("confluent_kafka")

from confluent_kafka import KafkaError

from strangler.brokers import connect
from strangler.brokers.kafka.cluster import Cluster
from strangler.errors import ConfigurationError


@pytest.mark.parametrize("url", ["kafka://", "kafka://host/path", "kafka://host?unknown=1"])
def test_a_wrong_url_is_a_matter_of_configuration(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r'STRANGLER\["BROKER_URL"\]'):
        connect(url)


def test_a_password_in_the_url_is_given_to_kafka_decoded_and_never_shown() -> None:
    cluster = Cluster("kafkas://app:p%40ss@one:9093,two?sasl_mechanism=PLAIN")
    assert cluster.address == "one:9093,two"
    settings = cluster.settings()
    assert settings["bootstrap.servers"] == "one:9093,two:9092"
    assert (settings["security.protocol"], settings["sasl.mechanism"]) == ("SASL_SSL", "PLAIN")
    assert (settings["sasl.username"], settings["sasl.password"]) == ("app", "p@ss")


def test_an_account_that_is_refused_is_a_matter_of_configuration() -> None:
    """No server here has accounts."""
    refused = Cluster("kafkas://app:secret@one").error(KafkaError(KafkaError._AUTHENTICATION))
    assert isinstance(refused, ConfigurationError)
    assert 'STRANGLER["BROKER_URL"]' in str(refused)
    assert "secret" not in str(refused)
