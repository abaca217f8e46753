"""Arguments as models send them, made into what the schema of the tool wants (docs/mcp.md, "What arguments may be").

Only four deviations are accepted, each where the schema leaves no doubt; everything else is checked strictly.
"""

from collections.abc import Mapping
from typing import Any

from switchyard.http.core import from_json

Schema = Mapping[str, Any]

#: Above it a float no longer distinguishes one whole number from the next (IEEE 754, RFC 8259 §6).
_EXACT_MAX = 2**53


def tidied(value: Any, schema: Schema) -> Any:
    """Return an argument as the schema, which has no references, wants it; what does not fit comes back as it is.

    `null` for an optional field is left out; JSON text is parsed where an array or object is wanted; a float without
    a fraction is an integer where one is wanted.
    """
    match schema.get("type"):
        case "object":
            given = _parsed(value, dict)
            return _fields(given, schema) if isinstance(given, dict) else value
        case "array":
            given = _parsed(value, list)
            return [tidied(each, schema.get("items", {})) for each in given] if isinstance(given, list) else value
        case "integer" if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT_MAX:
            return int(value)
        case _:
            return value


def without_empty(arguments: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return the arguments of a tool that only reads without empty texts: an empty filter of a list is one left out."""
    known, required = schema.get("properties", {}), schema.get("required", ())
    return {name: value for name, value in arguments.items() if value != "" or name in required or name not in known}


def _fields(given: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    known, required = schema.get("properties", {}), schema.get("required", ())
    return {
        name: tidied(value, known[name]) if name in known else value
        for name, value in given.items()
        if value is not None or name in required or name not in known
    }


def _parsed(value: Any, wanted: type) -> Any:
    """Parse text that holds JSON of the wanted kind; anything else comes back as it is."""
    if not isinstance(value, str):
        return value
    try:
        found = from_json(value, allow_inf_nan=False)
    except ValueError:
        return value
    return found if isinstance(found, wanted) else value
