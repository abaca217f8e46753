"""The schemas of docs/openapi.json, in the form that generators of clients make the best of."""

import re
from collections.abc import Iterable
from typing import Any

from switchyard.comments import comment_of
from switchyard.http.documented import Generator, json_schemas
from switchyard.http.models import Model
from switchyard.http.operation import Operation
from switchyard.surfaces.pool.payload_models import EVENTS

Json = dict[str, Any]


class _Schemas(Generator):
    """No defaults that only mean `left out`."""

    def default_schema(self, schema: Any) -> Json:
        shown = super().default_schema(schema)
        if not shown.get("default"):
            shown.pop("default", None)
        return shown


def published(operations: Iterable[Operation]) -> tuple[dict[type[Model], Json], Json]:
    """Return a reference for each model (the schema itself for queries), and the components they refer to."""
    modes: dict[type[Model], Any] = {}
    queries = set()
    for operation in operations:
        for model in (operation.body, operation.query):
            if model:
                modes[model] = "validation"
        for model in (operation.reply, operation.surface.error, *EVENTS.values()):
            if model:
                modes[model] = "serialization"
        if operation.query:
            queries.add(operation.query)
    wanted = sorted(modes.items(), key=lambda item: (item[0].__module__, item[0].__name__))
    made, definitions = json_schemas(wanted, _Schemas, f"{_REFERENCE}{{model}}", comment_of)
    references: dict[Any, Json] = {model: _named(schema) for (model, _), schema in made.items()}
    components = {_short(name): _named(schema) for name, schema in definitions.items()}
    for query in queries:
        references[query] = components.pop(references[query]["$ref"].rpartition("/")[2])
    return references, dict(sorted(components.items()))


_REFERENCE = "#/components/schemas/"


def _short(name: str) -> str:
    """Return the name of a model that several surfaces have one of: switchyard__surfaces__pool__models__Lease."""
    package, _, own = name.rpartition("__")
    surface = package.split("__")[2].capitalize() if package else ""
    return surface + re.sub(r"[-_]", "", own)


def _named(schema: Any) -> Any:
    """Return a schema whose references are short, without the titles of models: each is named where it is referred to.

    Generators of clients name their types by the title, so that two models of a name would be one.
    """
    if isinstance(schema, list):
        return [_named(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _named(each) for name, each in schema.items() if not (name == "title" and isinstance(each, str))}
    if isinstance(made.get("$ref"), str):
        made["$ref"] = _REFERENCE + _short(made["$ref"].removeprefix(_REFERENCE))
    return _typed(made)


def _typed(schema: Json) -> Json:
    """Say the same so that a generator sees the type: it takes `anyOf` for a choice of types.

    Each choice of a text is a text. That one of some fields is there is said by `if`, which generators leave alone.
    """
    choices = schema.get("anyOf")
    if not isinstance(choices, list):
        return schema
    if schema.get("type") == "string" and not any("type" in each or "$ref" in each for each in choices):
        return {**schema, "anyOf": [{"type": "string", **each} for each in choices]}
    if schema.get("type") == "object" and all(each.keys() == {"required"} for each in choices):
        *others, last = choices
        for each in reversed(others):
            last = {"if": {"not": each}, "then": last}
        return {name: value for name, value in schema.items() if name != "anyOf"} | last
    return schema
