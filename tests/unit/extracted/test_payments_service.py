"""To work on these, run `python -m pytest tests/unit/extracted/payments` directly."""

from tests.unit.extracted import inner


def test_the_service_passes_its_own_tests(subtests, tmp_path):
    inner.run("payments", subtests, tmp_path, at_least=140)
