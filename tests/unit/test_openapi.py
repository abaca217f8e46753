"""docs/openapi.json: made from the code, never stale, valid."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from switchyard import openapi
from switchyard.domain.errors import SwitchyardError
from switchyard.http.request import Request
from tests.support.http import all_endpoints
from tests.support.template import ROOT


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(openapi.rendered())


def described(document: Any, name: str) -> Any:
    found = [each for path in document["paths"].values() for each in path.values() if each.get("operationId") == name]
    assert len(found) == 1
    return found[0]


def test_the_committed_document_is_the_one_the_code_makes() -> None:
    assert openapi.PATH.read_text(encoding="utf-8") == openapi.rendered(), "run python -m switchyard.openapi"


def test_the_deployed_function_carries_the_committed_document() -> None:
    carried = ROOT / "functions/service/get_openapi/openapi.json"
    assert carried.resolve() == openapi.PATH


def test_check_tells_a_stale_document_by_its_exit_status(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(openapi, "PATH", tmp_path / "docs" / "openapi.json")
    assert openapi.main(["--check"]) == 1
    assert "stale" in capsys.readouterr().err
    assert openapi.main([]) == 0
    assert openapi.main(["--check"]) == 0


def test_the_document_is_valid_openapi(document: Any) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_of_every_operation_is_described(document: Any) -> None:
    routes = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    assert routes == {(path, e.operation.method) for e in all_endpoints() for path in e.operation.paths}


def test_an_operation_describes_its_body_its_answer_and_its_scopes(document: Any) -> None:
    create = described(document, "planning.create_track")
    assert create["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/CreateTrack")
    assert create["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].endswith("/TrackShown")
    assert create["security"] == [{"bearer": ["tasks:write"]}]
    assert {"ETag", "X-Request-Id", "Idempotency-Replayed"} <= set(create["responses"]["201"]["headers"])
    assert set(create["responses"]) == {"201", "400", "401", "403", "404", "409", "413", "415", "422", "500", "503"}


def test_a_change_of_one_track_describes_if_match_and_its_refusal(document: Any) -> None:
    update = described(document, "planning.update_track")
    names = {each.get("name") or each["$ref"].rpartition("/")[2] for each in update["parameters"]}
    assert names == {"id", "workspaceId", "IfMatch", "IdempotencyKey", "ClaimFence"}
    assert {"404", "412"} <= set(update["responses"])


def test_lists_in_a_query_may_repeat_or_hold_commas(document: Any) -> None:
    parameters = {each["name"]: each for each in described(document, "planning.list_tracks")["parameters"]}
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
        assert surface.error is not None, f"{surface.name} documents no error body"
        errors: list[SwitchyardError] = list(openapi._EVERY_ERROR)
        for error in errors:
            status, headers, body = surface.refuse(error, request)
            assert status >= 400
            assert "json" in headers["content-type"]
            surface.error.model_validate_json(body)
