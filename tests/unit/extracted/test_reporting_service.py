"""To work on these, run `python -m pytest tests/unit/extracted/reporting` (or `reporting_beside`) directly."""

from tests.unit.extracted import inner


def test_the_service_passes_its_own_tests(subtests, tmp_path):
    inner.run("reporting", subtests, tmp_path, at_least=40)


def test_beside_the_monolith_it_counts_what_the_monolith_counts(subtests, tmp_path):
    inner.run("reporting_beside", subtests, tmp_path, at_least=8)
