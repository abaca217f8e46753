"""The tool list as clients get it, made from the models ahead of time (`make openapi`) and read by the server.

No function imports this module: making the schemas takes longer than answering with them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from switchyard.http.documented import Generator, json_schemas
from switchyard.http.models import Model
from switchyard.mcp.connector import SEARCH_TOOLS
from switchyard.mcp.tools import TOOLS, Tool

Json = dict[str, Any]

PATH, SEARCH_PATH = (Path(__file__).with_name(name) for name in ("tools.json", "search_tools.json"))
#: What a schema says that a model does not need to read; the server checks it all the same.
_UNREAD = frozenset(
    {
        "title",
        "default",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "uniqueItems",
        "pattern",
        "dependentRequired",
    }
)
#: What an answer's schema says that is seen in the answer itself.
_SEEN = frozenset({"enum", "required"})


def files() -> dict[Path, str]:
    """Return each list's file, with the text that it should have."""
    return {PATH: _rendered(TOOLS), SEARCH_PATH: _rendered(SEARCH_TOOLS)}


def _rendered(tools: Mapping[str, Tool[Any]]) -> str:
    listed = [
        {
            "name": tool.name,
            "description": tool.description,
            "inputSchema": _schema(tool.input, "validation"),
            "outputSchema": _schema(tool.output, "serialization"),
            "annotations": tool.annotations,
        }
        for tool in tools.values()
    ]
    return json.dumps(listed, ensure_ascii=False, separators=(",", ":")) + "\n"


def _schema(model: type[Model], mode: Any) -> Json:
    made, definitions = json_schemas([(model, mode)], Generator, "#/{model}")
    told = dict(_terse(made[model, mode], definitions))
    return told if mode == "validation" else _without_what_is_seen(told)


def _without_what_is_seen(schema: Any) -> Any:
    """Leave out of an answer's schema what whoever reads the answer sees: which word a text is, which fields it has."""
    if isinstance(schema, list):
        return [_without_what_is_seen(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _without_what_is_seen(each) for key, each in schema.items() if key not in _SEEN}


def _terse(schema: Any, definitions: Json, names: bool = False) -> Any:
    """Resolve references in place and leave out what is not read; `names` says that keys are names of fields."""
    if isinstance(schema, list):
        return [_terse(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target = definitions[schema["$ref"].rpartition("/")[2]]
        return _terse({**target, **{key: each for key, each in schema.items() if key != "$ref"}}, definitions)
    described = {} if names else {"description"} & {key for key in schema if "properties" in schema}
    return {
        key: _terse(each, definitions, names=key == "properties" and not names)
        for key, each in schema.items()
        if (names and not _holds_nothing(each, definitions))
        or not (names or key in _UNREAD or key in described or _only_bounds(key, each))
    }


def _holds_nothing(schema: Json, definitions: Json) -> bool:
    """Tell whether a field must be empty: the server takes it, and nobody has a reason to send it."""
    if "$ref" in schema:
        return _holds_nothing(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    within = schema.get("properties", {}).values()
    return schema.get("maxItems") == 0 or (bool(within) and all(_holds_nothing(each, definitions) for each in within))


def _only_bounds(key: str, branches: Any) -> bool:
    """Tell whether alternatives only bound a text further: a date, or a date-time."""
    return key == "anyOf" and not any(each.keys() & {"type", "$ref"} for each in branches)
