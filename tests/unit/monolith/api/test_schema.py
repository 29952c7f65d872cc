import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from tests.unit.monolith.api.views import SMALL_API

pytestmark = SMALL_API
PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}


@pytest.fixture
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


def problems(operation):
    """Status to codes, of everything that is not a success."""
    return {
        int(status): set(answer["description"].replace("`", "").split(", "))
        for status, answer in operation["responses"].items()
        if int(status) >= 400
    }


def headers(operation):
    return {
        each["name"]: each.get("required", False) for each in operation.get("parameters", ()) if each["in"] == "header"
    }


def test_it_is_valid_openapi_3_1_without_a_warning(schema, tmp_path):
    assert schema["openapi"] == "3.1.0"
    validate_schema(schema)
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


def test_each_operation_lists_the_problems_it_can_give_and_no_other(schema):
    paths = schema["paths"]
    access = {401: {"authentication_failed", "not_authenticated"}, 406: {"not_acceptable"}, 429: {"throttled"}}
    open_to_all = {**access, 401: {"authentication_failed"}}
    denied = {403: {"permission_denied"}}
    body = {400: {"invalid", "parse_error"}, 415: {"unsupported_media_type"}}
    assert problems(paths["/api/open/"]["get"]) == open_to_all
    assert problems(paths["/api/raising/"]["post"]) == {**open_to_all, **denied, **body}
    assert problems(paths["/api/entries/"]["get"]) == {**access, **denied, 400: {"invalid"}}
    assert problems(paths["/api/groups/{id}/"]["patch"]) == {
        **access,
        **denied,
        **body,
        404: {"not_found"},
        409: {"out_of_stock"},
        412: {"precondition_failed"},
        428: {"precondition_required"},
    }
    assert set(problems(paths["/api/groups/{id}/"]["delete"])) == {401, 403, 404, 406, 412, 428, 429}


def test_an_idempotent_operation_lists_what_its_key_can_cause(schema):
    pay = schema["paths"]["/api/pay/"]["post"]
    found = problems(pay)
    assert found[400] == {"invalid", "parse_error", "idempotency_key_malformed"}
    assert found[422] == {"idempotency_key_reused"}
    assert found[402] == {"payment_declined"}
    assert found[409] == {"out_of_stock"}  # from the class
    assert 403 not in found  # taken out by `never`
    assert headers(pay) == {"Idempotency-Key": False}
    assert "Idempotent-Replayed" in pay["responses"]["201"]["headers"]
    rename = schema["paths"]["/api/groups/{id}/rename/"]["post"]
    assert "requestBody" not in rename
    assert {400, 402, 403, 404, 415, 422} <= set(problems(rename))


def test_every_problem_has_the_one_shape_and_media_type(schema):
    answers = [
        answer
        for operations in schema["paths"].values()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
        if int(status) in range(400, 500)
    ]
    assert len(answers) > 30
    assert all(answer["content"] == {"application/problem+json": PROBLEM} for answer in answers)


def test_tags_and_if_match_are_documented(schema):
    group = schema["paths"]["/api/groups/{id}/"]
    assert headers(group["get"]) == {"If-None-Match": False}
    assert "ETag" in group["get"]["responses"]["200"]["headers"]
    assert "ETag" in group["get"]["responses"]["304"]["headers"]
    assert headers(group["patch"]) == headers(group["delete"]) == {"If-Match": False}
    assert "ETag" in group["put"]["responses"]["200"]["headers"]
    assert "Retry-After" in group["get"]["responses"]["429"]["headers"]
    assert headers(schema["paths"]["/api/groups/"]["post"]) == {}


def test_a_list_documents_pages_filters_and_the_only_orderings(schema):
    listing = schema["paths"]["/api/entries/"]["get"]
    parameters = {each["name"]: each["schema"] for each in listing["parameters"]}
    assert set(parameters) == {"cursor", "page_size", "ordering", "action_flag"}
    assert parameters["page_size"]["maximum"] == 200
    assert parameters["ordering"]["enum"][:2] == ["action_flag", "-action_flag"]


def test_the_documentation_comes_from_this_server_alone(client):
    for page in ("docs", "redoc"):
        html = client.get(f"/api/{page}/").content.decode()
        assert "/static/drf_spectacular_sidecar/" in html
        assert "//cdn" not in html
        assert "https://" not in html


def test_its_files_are_served_without_a_collected_copy(client):
    html = client.get("/api/docs/").content.decode()
    script = next(part for part in html.split('"') if part.endswith("swagger-ui-bundle.js"))
    assert client.get(script).status_code == 200


def test_the_schema_is_served_to_everybody(client):
    assert client.get("/api/schema/?format=json").json()["openapi"] == "3.1.0"
