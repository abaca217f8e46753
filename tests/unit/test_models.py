"""Models declared by our own classes validate as pydantic's would, and do no more than is said of them."""

import json
import random
from typing import Annotated, Any, Literal

import pytest
from pydantic_core import ValidationError

from switchyard.http.documented import Generator, json_schemas
from switchyard.http.models import AfterFields, AfterValidator, BeforeValidator, Field, Model, Query, Wire, to_camel
from switchyard.http.parsing import refusal
from switchyard.http.schemas import Unsupported
from switchyard.mcp.tools import TOOLS
from tests.support.http import all_endpoints
from tests.support.twins import twin

Json = dict[str, Any]
UUID = "01981f5c-7a00-7000-8000-000000000001"
#: Right in one place, wrong in most.
VALUES: tuple[Any, ...] = (
    *("", "x", "  ", " a ", "a" * 300, "a" * 40_000, "\x00", "é\u200b", "true", "0", "1", "101", "-1", "3.0"),
    *(
        UUID,
        UUID.replace("-", ""),
        "2026-02-28",
        "2026-02-30",
        "2026-02-28T10:00:00+02:00",
        "key=value",
        "org/a",
    ),
    *("urgent", "high", "todo", "done", "agent", "task", "personal", "projects", "open", "all", "cloud", "tasks:read"),
    *(0, 1, 50, 101, 10**20, -1, 1.5, 2.0, True, False, None),
    *([], {}, ["a"], ["a", "a"], [UUID, UUID], {"a": "b"}, {"a": 1}, [1], [None], {"id": UUID}, {"a": {"b": [{}]}}),
)


#: Right where chance would hardly ever be.
RIGHT: dict[str, Json] = {
    "surfaces.administration.models.CreateToken": {"actor": {"id": "agent_a"}, "scopes": ["tasks:read"]},
    "surfaces.oauth.models.Authorize": {
        "response_type": "code",
        "client_id": "https://agent.example/client",
        "redirect_uri": "https://agent.example/back",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    },
    "surfaces.planning.draft_models.ApplyTracks": {
        "scope": {"type": "personal"},
        "updateDrafts": [{"id": "a", "title": "A", "task": {}}],
    },
    "surfaces.planning.schedule_models.CreateSchedule": {
        "name": "Daily",
        "expression": "rate(1 day)",
        "runGoal": {"id": "01981f5c-7a00-7000-8000-000000000002"},
    },
    "surfaces.pool.webhook_models.CreateWebhook": {"url": "https://hooks.example.com/in", "events": ["task.created"]},
}


def models() -> list[Any]:
    operations = [each.operation for each in all_endpoints()]
    found = [model for each in operations for model in (each.body, each.query) if model]
    return sorted({*found, *(tool.input for tool in TOOLS.values())}, key=name_of)


def name_of(model: Any) -> str:
    return f"{model.__module__.removeprefix('switchyard.')}.{model.__name__}"


class Sender:
    """Sends what a schema describes, with mistakes."""

    def __init__(self, model: type[Model], seed: str) -> None:
        made, self.definitions = json_schemas([(model, "validation")], Generator, "#/{model}")
        self.schema, self.chance = self.resolved(made[model, "validation"]), random.Random(seed)

    def value(self, schema: Json | None = None) -> Any:
        if self.chance.random() < 0.12:
            return self.chance.choice(VALUES)
        schema = self.schema if schema is None else self.resolved(schema)
        if "anyOf" in schema and "type" not in schema:
            return self.value(self.chance.choice(schema["anyOf"]))
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        kind = schema.get("type")
        if "properties" in schema:
            return self.fields(schema)
        if kind == "array":
            return [self.value(schema.get("items", {})) for _ in range(self.chance.randrange(3))]
        if kind == "integer":
            return self.chance.choice([schema.get("minimum", 0), schema.get("maximum", 100), 7])
        return schema.get("const", self.chance.choice([each for each in VALUES if _fits(each, kind)] or VALUES))

    def resolved(self, schema: Json) -> Json:
        while "$ref" in schema:
            schema = self.definitions[schema["$ref"].rpartition("/")[2]]
        return schema

    def fields(self, schema: Json) -> Json:
        required = schema.get("required", ())
        names = [each for each in schema["properties"] if each in required or self.chance.random() < 0.4]
        made = {name: self.value(schema["properties"][name]) for name in names if self.chance.random() < 0.97}
        return made | ({"surplus": 1} if self.chance.random() < 0.05 else {})

    def text(self, name: str, value: Any) -> Any:
        """As the query of a request has it."""
        may_repeat = self.schema["properties"].get(name, {}).get("type") == "array"
        return [str(each) for each in value] if isinstance(value, list) and may_repeat else str(value)


def _fits(value: Any, kind: str | None) -> bool:
    wanted = {"string": str, "boolean": bool, "object": dict, "null": type(None)}.get(kind or "", object)
    return isinstance(value, wanted)


def outcome(model: Any, reader: Any, given: Any, as_json: bool) -> Any:
    """What an input of a model is read as, or what is wrong with it, by its reader: the model itself, or its twin."""
    try:
        read = reader.model_validate_json(json.dumps(given)) if as_json else reader.model_validate(given)
    except ValidationError as error:
        told = error.errors(include_url=False, include_context=False)
        return told, [str(each) for each in refusal(error, "body", model).fields]
    return _plain(read)


def _plain(value: Any) -> Any:
    if hasattr(value, "model_fields_set"):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields} | {"": value.model_fields_set}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


@pytest.mark.parametrize("model", models(), ids=name_of)
def test_a_model_takes_and_refuses_what_pydantic_does(model: Any) -> None:
    sender, taken = Sender(model, model.__name__), 0
    for number in range(150):
        given = RIGHT.get(name_of(model)) if number == 0 else sender.value()
        as_json = not issubclass(model, Query) and number % 2 == 0
        if issubclass(model, Query) and isinstance(given, dict):
            given = {name: sender.text(name, value) for name, value in given.items()}
        ours = outcome(model, model, given, as_json)
        assert ours == outcome(model, twin(model), given, as_json), given
        taken += isinstance(ours, dict)
    assert 0 < taken < 150


# ---------------------------------------------------------------- what is declared


class Inner(Wire):
    model_config = {"alias_generator": to_camel}

    due_date: str = "never"
    kind: Annotated[Literal["a", "b"], Field(alias="sort")] = "a"


class Outer(Wire):
    text: Annotated[str, Field(max_length=3), AfterValidator(str.upper)]
    number: Annotated[int, BeforeValidator(lambda given: given or 7), Field(le=9)] = 1
    inner: Inner = Inner.model_construct()
    many: list[Inner] = []

    def model_post_init(self, _context: Any) -> None:
        if self.text == "NO" and "number" not in self.model_fields_set:
            raise ValueError("no number")


def errors_of(model: type[Model], given: Any) -> list[tuple[Any, str]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)
    return [(each["loc"], each["type"]) for each in caught.value.errors()]


def test_fields_have_names_on_the_wire_checks_and_defaults() -> None:
    found = Outer.model_validate_json('{"text": "ab", "inner": {"dueDate": "now", "sort": "b"}, "number": 0}')
    assert (found.text, found.inner.due_date, found.inner.kind, found.number) == ("AB", "now", "b", 7)
    assert (found.many, found.model_fields_set) == ([], {"text", "inner", "number"})
    assert Outer.model_validate({"text": "a"}).many is not Outer.model_validate({"text": "a"}).many
    assert found.model_dump(include={"inner", "text"}) == {"text": "AB", "inner": {"due_date": "now", "kind": "b"}}
    assert found.model_dump(exclude_unset=True, exclude={"inner"}) == {"text": "AB", "number": 7}


def test_what_is_wrong_is_told_with_its_place() -> None:
    assert errors_of(Outer, {"text": "abcd", "number": 10, "x": 1}) == [
        (("text",), "string_too_long"),
        (("number",), "less_than_equal"),
        (("x",), "extra_forbidden"),
    ]
    assert errors_of(Outer, {"text": "no"}) == [((), "value_error")]
    assert errors_of(Outer, {"text": "a", "many": [{}, {"sort": "c"}]}) == [(("many", 1, "sort"), "literal_error")]


def test_a_subclass_has_the_fields_and_the_configuration_of_its_bases() -> None:
    class Sub(Inner):
        model_config = {"extra": "ignore"}

        kind: Annotated[Literal["c"], Field(alias="sort")]
        new_one: int

    assert list(Sub.model_fields) == ["due_date", "kind", "new_one"]
    assert Sub.model_fields["kind"].is_required()
    assert Sub.model_validate({"sort": "c", "newOne": 1, "x": 1}).new_one == 1
    assert errors_of(Sub, {"sort": "c", "newOne": "1"}) == [(("newOne",), "int_type")]


def test_a_check_may_look_at_the_fields_before() -> None:
    def not_below(value: int, known: Any) -> int:
        if value < known["least"]:
            raise ValueError("below")
        return value

    class Pair(Wire):
        least: int
        value: Annotated[int, AfterFields(not_below)]

    assert Pair.model_validate({"least": 1, "value": 1}).value == 1
    assert errors_of(Pair, {"least": 2, "value": 1}) == [(("value",), "value_error")]


def test_a_model_is_validated_or_constructed_and_then_stays_as_it_is() -> None:
    made = Outer.model_construct(text="ab")
    assert (made.text, made.number, made.model_fields_set) == ("ab", 1, {"text"})
    with pytest.raises(TypeError, match="not called"):
        Outer()
    with pytest.raises(AttributeError, match="not to be changed"):
        made.text = "c"


@pytest.mark.parametrize("annotation", [set, tuple[int], Annotated[str, AfterValidator(str), Field(max_length=1)]])
def test_what_no_schema_is_made_of_is_refused_when_the_function_starts(annotation: Any) -> None:
    with pytest.raises(Unsupported):
        type("Odd", (Wire,), {"__annotations__": {"field": annotation}}).prepare()
