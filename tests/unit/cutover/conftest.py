from tests.support.gates import service  # noqa: F401  (a fixture)
