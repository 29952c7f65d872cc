import pytest
from django.core.exceptions import ImproperlyConfigured

from monolith.settings import env


@pytest.mark.parametrize(
    ("text", "rate"), [("600/min", (600, 60)), ("5/s", (5, 1)), ("1/day", (1, 86400)), ("off", None), ("OFF", None)]
)
def test_a_rate_is_read_from_the_environment(monkeypatch, text, rate):
    monkeypatch.setenv("THROTTLE_USER", text)
    assert env.rate("THROTTLE_USER", "1/s") == rate


@pytest.mark.parametrize("text", ["", "many", "0/min", "-1/s", "1.5/s", "10", "10/fortnight", "10 / min"])
def test_a_malformed_rate_names_its_variable_and_the_way_out(monkeypatch, text):
    monkeypatch.setenv("THROTTLE_USER", text)
    with pytest.raises(ImproperlyConfigured, match=r"THROTTLE_USER=.* as in 3000/min, or off"):
        env.rate("THROTTLE_USER", "3000/min")


def test_without_the_variable_it_is_the_default(monkeypatch):
    monkeypatch.delenv("THROTTLE_USER", raising=False)
    assert env.rate("THROTTLE_USER", "3000/min") == env.Rate(3000, 60)
