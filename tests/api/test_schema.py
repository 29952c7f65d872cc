"""The API keeps the promise of its schema: generated requests of every kind get documented answers, and no 5xx.

The requests are the same in every run. A failure prints one as `curl`.
"""

from itertools import pairwise
from pathlib import Path

import schemathesis
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from monolith.wsgi import application

EXAMPLES = 8  # per operation, each sent by every account
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.allow_header_conformance,
    checks.unsupported_method,
    checks.ignored_auth,
]

schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)


@schema.parametrize()
@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_documented(case, shop):
    if case.meta.generation.mode.is_positive:
        name_what_exists(case, shop.names)
    for headers in shop.headers.values():
        with transaction.atomic():
            try:
                case.call_and_validate(checks=CHECKS, headers=headers)
            finally:
                transaction.set_rollback(True)


def name_what_exists(case, names):
    """Random numbers of orders would only ever find out that there is no such order."""
    parts = case.operation.path.split("/")
    for before, part in pairwise(parts):
        if part.startswith("{") and before in names:
            case.path_parameters[part.strip("{}")] = names[before]
    if isinstance(case.body, dict):
        case.body.update({name: names[name] for name in case.body.keys() & names.keys()})
    if "If-Match" in case.headers:
        case.headers["If-Match"] = "*"


def test_the_schema_is_openapi_3_1_and_complete_without_a_warning(tmp_path: Path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))
    assert schema.raw_schema["openapi"] == "3.1.0"
