"""docs/openapi.json is good enough to make clients of: all is named, described and shown by an example."""

import json
import keyword
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from switchyard import openapi, openapi_parameters
from switchyard.comments import comment_of, where
from switchyard.http.models import Model, ShownRoot
from switchyard.http.operation import MUTATING, Operation
from switchyard.surfaces.pool.payload_models import EVENTS
from tests.support.http import all_endpoints
from tests.support.samples import path_of

OPERATIONS = {each.operation.name: each.operation for each in all_endpoints()}
HOW = "say what it means, in which unit, in a comment `#: …` beside the field or above it:\n"


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(openapi.rendered())


def described(document: Any, operation: Operation) -> Any:
    return document["paths"][operation.paths[0]][operation.method.lower()]


def models(kind: Any, seen: set[Any]) -> Iterator[type[Model]]:
    """Yield the models that a type is made of, each once."""
    is_model = isinstance(kind, type) and not typing.get_args(kind) and issubclass(kind, Model)
    if is_model and kind not in seen:
        seen.add(kind)
        yield kind
        for field in kind.model_fields.values():
            yield from models(field.annotation, seen)
    if isinstance(kind, typing.TypeAliasType):
        yield from models(kind.__value__, seen)
    if isinstance(origin := typing.get_origin(kind), typing.TypeAliasType):
        yield from models(origin.__value__, seen)
    for each in typing.get_args(kind):
        yield from models(each, seen)


def wire_models() -> list[type[Model]]:
    roots = [
        model
        for each in OPERATIONS.values()
        for model in (each.body, each.query, each.reply, each.surface.error)
        if model
    ]
    seen: set[Any] = set()
    return [model for root in (*roots, *EVENTS.values()) for model in models(root, seen)]


def test_every_field_of_every_model_says_what_it_means() -> None:
    fields = [
        (model, name) for model in wire_models() if not issubclass(model, ShownRoot) for name in model.model_fields
    ]
    assert len(fields) > 500
    missing = sorted({where(model, name) for model, name in fields if not comment_of(model, name)})
    assert not missing, HOW + "\n".join(missing)


def test_no_field_says_no_more_than_its_name() -> None:
    def words(text: str) -> set[str]:
        return {each.strip(".,;:").lower() for each in text.replace("_", " ").split()} - {"the", "a", "an", "its", "of"}

    found = {
        where(model, name)
        for model in wire_models()
        for name in model.model_fields
        if (said := comment_of(model, name)) and words(said) <= words(name)
    }
    assert not found, "a description repeats the name:\n" + "\n".join(sorted(found))


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_parameter_of_an_operation_is_described(document: Any, name: str) -> None:
    operation = OPERATIONS[name]
    for path in operation.paths:
        spoken = {f"{before}/{{{parameter}}}" for before, parameter in openapi_parameters.in_path(path)}
        unknown = spoken - openapi_parameters.PATHS.keys()
        assert not unknown, f"{openapi_parameters.__file__}: PATHS does not say what {sorted(unknown)} are"
        given = document["paths"][path][operation.method.lower()]["parameters"]
        undescribed = [each["name"] for each in given if "$ref" not in each and not each.get("description")]
        assert not undescribed, f"{operation.query}: {HOW}{undescribed}"


def test_every_path_that_is_told_of_is_there() -> None:
    there = {
        f"{before}/{{{parameter}}}"
        for each in OPERATIONS.values()
        for path in each.paths
        for before, parameter in openapi_parameters.in_path(path)
    }
    assert openapi_parameters.PATHS.keys() == there


def test_every_property_in_the_document_is_described(document: Any) -> None:
    """Beside the fields of models: what a schema of a type's own says."""

    def walk(schema: Any, path: str) -> Iterator[str]:
        if isinstance(schema, list):
            for each in schema:
                yield from walk(each, path)
        if isinstance(schema, dict):
            for name, each in (schema.get("properties") or {}).items():
                if isinstance(each, dict) and not each.get("description"):
                    yield f"{path}.{name}"
            for name, each in schema.items():
                yield from walk(each, f"{path}.{name}")

    assert not list(walk(document["components"]["schemas"], ""))


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_an_id_that_languages_take_and_a_summary(document: Any, name: str) -> None:
    operation = described(document, OPERATIONS[name])
    assert operation["operationId"].isidentifier()
    assert not keyword.iskeyword(operation["operationId"])
    assert operation["summary"], f"{name}: the handler's docstring is the summary"


@pytest.mark.parametrize("name", [name for name, each in OPERATIONS.items() if each.method in MUTATING])
def test_every_change_has_an_example_that_its_schema_allows(document: Any, name: str) -> None:
    operation = OPERATIONS[name]
    shown = described(document, operation)
    for each in shown["parameters"]:
        if each.get("in") == "path":
            assert each.get("example"), f"{path_of(name)}: pathParameters has no {each['name']}"
    if operation.body is None:
        assert "requestBody" not in shown
        return
    # JSON, or the fields of a form.
    (content,) = shown["requestBody"]["content"].values()
    assert "example" in content or operation.body_optional, f"{path_of(name)} has no body"
    if "example" in content:
        validate(document, content)


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_example_of_an_answer_fits_its_schema(document: Any, name: str) -> None:
    operation = OPERATIONS[name]
    answer = described(document, operation)["responses"][str(operation.status)]
    for content in answer.get("content", {}).values():
        if "example" in content:
            validate(document, content)


def test_nearly_every_answer_has_an_example(document: Any) -> None:
    contents = {
        name: described(document, each)["responses"][str(each.status)].get("content", {}).get("application/json")
        for name, each in OPERATIONS.items()
        if each.reply
    }
    without = {name for name, content in contents.items() if content and "example" not in content}
    # The document itself.
    assert without == {"service.get_openapi"}, "UPDATE_DOCS=1 pytest tests/api/test_samples.py writes examples"


def validate(document: Any, content: Any) -> None:
    Draft202012Validator({**content["schema"], "components": document["components"]}).validate(content["example"])


def test_what_webhooks_post_is_described_with_its_signature(document: Any) -> None:
    assert document["webhooks"].keys() == EVENTS.keys()
    task = document["webhooks"]["task"]["post"]
    names = {each["$ref"].rpartition("/")[2] for each in task["parameters"]}
    assert (
        {"webhook-id", "webhook-timestamp", "webhook-signature"} <= names <= document["components"]["parameters"].keys()
    )
    validate(document, task["requestBody"]["content"]["application/json"])


def test_lists_and_changes_say_how_they_are_paged_and_repeated(document: Any) -> None:
    tracks = described(document, OPERATIONS["planning.list_tracks"])
    assert tracks["x-pagination"] == {
        "limit": "limit",
        "cursor": "cursor",
        "entries": "$.items",
        "next": "$.nextCursor",
    }
    paged = [name for name, each in OPERATIONS.items() if each.query and "limit" in each.query.model_fields]
    assert not [name for name in paged if "x-pagination" not in described(document, OPERATIONS[name])]
    for name, each in OPERATIONS.items():
        hint = described(document, each).get("x-idempotency")
        assert (hint == {"header": "Idempotency-Key", "seconds": 86_400}) is each.keyed, name


def test_a_comment_is_found_beside_a_field_above_it_and_above_its_type() -> None:
    from switchyard.surfaces.planning.models import CreateTrack, ListTracks
    from switchyard.surfaces.pool.models import UpdateTask

    assert comment_of(CreateTrack, "scope") == "Who can see it."
    assert comment_of(ListTracks, "limit") == "At most so many items in the page."
    assert str(comment_of(UpdateTask, "metadata")).startswith("Any JSON object")
    assert comment_of(Model, "none") is None
    assert where(UpdateTask, "metadata").endswith("surfaces/pool/models.py: _TaskFields.metadata")
