"""What `make openapi` writes: made from the code, never stale; the document is valid."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from switchyard import openapi, openapi_shared, routes
from switchyard.domain.actors import EMPTY_SCOPES, SCOPES
from switchyard.domain.errors import SwitchyardError
from switchyard.http.request import Request
from tests.support.http import all_endpoints
from tests.support.template import ROOT


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(openapi.rendered())


def described(document: Any, name: str) -> Any:
    identifier = name.replace(".", "_")
    found = [each for path in document["paths"].values() for each in path.values() if each["operationId"] == identifier]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("path", openapi.files(), ids=lambda path: path.name)
def test_what_is_committed_is_what_the_code_makes(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == openapi.files()[path], "run make openapi"


def test_the_deployed_function_carries_the_committed_document() -> None:
    carried = ROOT / "functions/service/get_openapi/openapi.json"
    assert carried.resolve() == ROOT / "docs/openapi.json"


def test_check_reports_each_stale_file_by_its_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(f"# before\n{routes.BEGIN}        paths: {{}}\n{routes.END}# after\n")
    assert openapi.main(["--check"], tmp_path) == 1
    printed = capsys.readouterr().err
    assert ["stale" in line for line in printed.splitlines()] == [True] * len(openapi.files(tmp_path))
    assert openapi.main([], tmp_path) == 0
    assert openapi.main(["--check"], tmp_path) == 0
    for path in openapi.files(tmp_path):
        text = path.read_text()
        path.write_text(text.replace("search", "seek"))
        assert openapi.main(["--check"], tmp_path) == 1, path
        path.write_text(text)


def test_the_document_is_valid_openapi(document: Any) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_of_every_operation_is_described(document: Any) -> None:
    routes = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    assert routes == {(path, e.operation.method) for e in all_endpoints() for path in e.operation.paths}


def test_generators_of_clients_find_a_name_for_each_operation_and_each_schema(document: Any) -> None:
    operations = [each["operationId"] for path in document["paths"].values() for each in path.values()]
    assert len(set(operations)) == len(operations)
    schemas = document["components"]["schemas"]
    unfit = [name for name in (*operations, *schemas) if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name)]
    assert not unfit
    assert not [name for name in schemas if "__" in name]
    # Some generators name a type by its title: two models of a name would be one.
    assert not [name for name, schema in schemas.items() if "title" in schema]


def test_a_stream_is_followed_from_an_event_and_a_message_has_a_body(document: Any) -> None:
    stream = described(document, "projects.stream_run")
    assert {"$ref": "#/components/parameters/LastEventId"} in stream["parameters"]
    assert stream["responses"]["200"]["content"] == {"text/event-stream": {}}
    message = described(document, "mcp.post_message")
    assert message["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/RpcMessage")
    assert {"400", "413", "415"} <= set(message["responses"])


def test_what_validators_check_is_published(document: Any) -> None:
    schemas = document["components"]["schemas"]
    token = schemas["CreateToken"]["properties"]["scopes"]
    assert token["uniqueItems"] is True
    assert set(token["items"]["enum"]) == {*SCOPES, *EMPTY_SCOPES}
    announced = schemas["PrepareUpload"]["properties"]["artifacts"]
    assert announced["items"]["$ref"].endswith("/Announced")
    assert announced["minItems"] == 1
    assert schemas["CreateWebhook"]["properties"]["url"]["format"] == "uri"
    assert document["components"]["parameters"]["ClaimFence"]["schema"]["maximum"] == 10**15 - 1


def test_an_operation_describes_its_body_its_answer_and_its_scopes(document: Any) -> None:
    create = described(document, "planning.create_track")
    assert create["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/CreateTrack")
    assert create["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].endswith("/TrackShown")
    assert create["security"] == [{"bearer": ["tasks:write"]}]
    assert {"ETag", "X-Request-Id", "Idempotency-Replayed"} <= set(create["responses"]["201"]["headers"])
    assert set(create["responses"]) == {
        "201",
        "400",
        "401",
        "403",
        "404",
        "405",
        "409",
        "413",
        "415",
        "422",
        "429",
        "500",
        "503",
    }


def test_a_change_of_one_track_describes_if_match_and_its_refusal(document: Any) -> None:
    update = described(document, "planning.update_track")
    names = {each.get("name") or each["$ref"].rpartition("/")[2] for each in update["parameters"]}
    assert names == {"id", "workspaceId", "IfMatch", "IdempotencyKey", "ClaimFence"}
    assert {"404", "412"} <= set(update["responses"])


def test_lists_in_a_query_may_repeat_or_hold_commas(document: Any) -> None:
    shown = described(document, "planning.list_tracks")["parameters"]
    parameters = {each["name"]: each for each in shown if "name" in each}
    assert parameters["status"]["explode"] is True
    assert "commas" in parameters["status"]["description"]
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}


def test_every_public_operation_needs_no_token_and_every_other_one_does(document: Any) -> None:
    for endpoint in all_endpoints():
        operation = endpoint.operation
        assert (described(document, operation.name)["security"] == []) is operation.public


def test_every_surface_words_its_errors_as_it_documents_them() -> None:
    request = Request("GET", "/path", "", {"host": "api.example"}, {}, "request", {})
    for surface in {endpoint.operation.surface for endpoint in all_endpoints()}:
        errors: list[SwitchyardError] = list(openapi_shared.EVERY_ERROR)
        for error in errors:
            status, headers, body = surface.refuse(error, request)
            assert status >= 400
            if surface.media.startswith("text/html"):
                assert body.startswith("<!doctype html>")
                continue
            assert surface.error is not None, f"{surface.name} documents no error body"
            assert "json" in headers["content-type"]
            surface.error.model_validate_json(body)
