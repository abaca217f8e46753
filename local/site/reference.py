"""The reference of the API, one page a surface, made of docs/openapi.json: each operation with curl and its answer."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

GO_ON = "\\\n  "
FORM = "application/x-www-form-urlencoded"
ROOT = Path(__file__).resolve().parents[2]
#: What the surfaces are called, in the order of the navigation.
TITLES = {
    "planning": "Planning",
    "pool": "Pool and webhooks",
    "projects": "Projects, runs and files",
    "runs": "Claiming runs",
    "objectives": "Objectives",
    "followups": "Follow-ups",
    "mcp": "MCP",
    "oauth": "OAuth",
    "administration": "Administration",
    "audit": "Audit",
    "sessions": "Sessions",
    "console": "Console",
    "service": "Service",
}


def document() -> Any:
    """Return docs/openapi.json."""
    return json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))


def pages(described: Any) -> dict[str, str]:
    """Return the pages by file name: one for each surface, and one of types."""
    found: dict[str, list[str]] = {each["name"]: [] for each in described["tags"]}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(_operation(described, method, path, operation))
    made = {
        f"{name}.md": f"# {TITLES.get(name, name.capitalize())}: reference\n\n{_INTRODUCTION}\n\n" + "\n".join(sections)
        for name, sections in found.items()
    }
    return {**made, "types.md": _types(described)}


_INTRODUCTION = (
    "Each operation with a request that works as it is printed, once `$URL` and `$TOKEN` are set and ids are yours. "
    "The names of types lead to [all their fields](types.md)."
)


def commands(described: Any) -> Iterator[tuple[str, str]]:
    """Yield the curl of each operation, with the operation's id."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield operation["operationId"], curl(described, method, path, operation)


def curl(described: Any, method: str, path: str, operation: Any) -> str:
    """Return a request that does the operation, with the values of its example."""
    given = [_resolved(described, each) for each in operation["parameters"]]
    values = {each["name"]: each["example"] for each in given if "example" in each and each["in"] == "path"}
    filled = re.sub(r"\{(\w+)\+?\}", lambda found: quote(str(values.get(found[1], found[1])), safe="@:"), path)
    asked = {each["name"]: each["example"] for each in given if each["in"] == "query" and "example" in each}
    query = urlencode(asked, doseq=True)
    media, content = _body(operation)
    body = content.get("example")
    implied = "POST" if body is not None else "GET"
    parts = [
        "curl -s" + (f"X {method.upper()}" if method.upper() != implied else ""),
        f'"$URL{filled}{"?" + query if query else ""}"',
    ]
    if operation["security"]:
        parts.append(GO_ON + '-H "Authorization: Bearer $TOKEN"')
    if body is not None and media != FORM:
        parts.append(f"-H 'Content-Type: {media}'")
    _, answered = _success(operation)
    if "/mcp" in path and method == "post":
        parts.append("-H 'Accept: application/json, text/event-stream'")
    if "application/octet-stream" in answered.get("content", {}):
        parts.append("-o file")
    line = " ".join(parts)
    if body is None:
        return line
    if media == FORM:
        fields = [shlex.quote(f"{name}={value}") for name, value in body.items()]
        return " \\\n".join([line, *(f"  --data-urlencode {each}" for each in fields)])
    return f"{line} \\\n  -d {shlex.quote(_compact(body))}"


def _body(operation: Any) -> tuple[str, Any]:
    """Return the body of a request: its media type, and what the document says of it."""
    return next(iter(operation.get("requestBody", {}).get("content", {}).items()), ("", {}))


def _compact(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 110 else json.dumps(value, ensure_ascii=False, indent=1).replace("\n", "\n  ")


def _operation(described: Any, method: str, path: str, operation: Any) -> str:
    scopes = [" and ".join(f"`{scope}`" for scope in each["bearer"]) for each in operation["security"]]
    needs = " or ".join(each for each in scopes if each) or ("any token" if operation["security"] else "no token")
    text = [f"## {operation['summary']} {{ #{operation['operationId']} }}\n"]
    text.append(f"`{method.upper()} {path}` · {needs}\n")
    text.append(f"```sh\n{curl(described, method, path, operation)}\n```\n")
    text.append(_answer(operation))
    rows = [_parameter(_resolved(described, each)) for each in operation["parameters"]]
    if rows:
        text.append("| parameter | | |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    body = operation.get("requestBody")
    if body:
        schema = _body(operation)[1]["schema"]
        text.append(f"Body: {_type(schema)}{'' if body['required'] else ', may be left out'}. {body['description']}\n")
    text.append(_refusals(described, operation))
    return "\n".join(text)


def _success(operation: Any) -> tuple[str, Any]:
    """Return the answer that the operation is there for; of one that always refuses, the refusal it shows."""
    answers = operation["responses"].items()
    shown = [each for each in answers if any("example" in content for content in each[1].get("content", {}).values())]
    return next(iter(shown or [each for each in answers if each[0] < "4"] or answers))


def _answer(operation: Any) -> str:
    status, answer = _success(operation)
    for media, content in answer.get("content", {}).items():
        kind = _type(content.get("schema", {}))
        said = f"{status}, {kind if media == 'application/json' else f'`{media}`'}:\n"
        if "example" not in content:
            return said.replace(":\n", ".\n")
        return f"{said}\n```json\n{json.dumps(content['example'], ensure_ascii=False, indent=2)}\n```\n"
    return f"{status}, no body.\n"


def _refusals(described: Any, operation: Any) -> str:
    found = []
    for status, answer in operation["responses"].items():
        resolved = _resolved(described, answer)
        if status >= "4":
            codes = [code for content in resolved["content"].values() for code in content.get("examples", {})]
            found.append(f"{status} ({', '.join(f'`{code}`' for code in codes)})")
    return f"Refused with {', '.join(found)}.\n" if found else ""


def _parameter(parameter: Any) -> str:
    needed = ", needed" if parameter.get("required") else ""
    shown = _type(parameter["schema"])
    return f"| `{parameter['name']}` | {parameter['in']}{needed}; {shown} | {_cell(parameter.get('description', ''))} |"


def _types(described: Any) -> str:
    text = ["# Types\n"]
    for name, schema in described["components"]["schemas"].items():
        text.append(f"## {name} {{ #{name} }}\n")
        if schema.get("description"):
            text.append(schema["description"] + "\n")
        fields = schema.get("properties", {})
        if fields:
            needed = set(schema.get("required", ()))
            rows = [
                f"| `{field}`{'' if field in needed else ' ?'} | {_type(each)} | {_cell(each.get('description', ''))} |"
                for field, each in fields.items()
            ]
            text.append("| field | | |\n|---|---|---|\n" + "\n".join(rows) + "\n")
        else:
            text.append(_type(schema) + "\n")
    text.append("A field with `?` may be left out.\n")
    return "\n".join(text)


def _type(schema: Any) -> str:
    """Return what a schema asks for, in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](types.md#{name})"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(each)}`" for each in schema["enum"])
    for word in ("anyOf", "oneOf"):
        if word in schema and "properties" not in schema:
            return " or ".join(dict.fromkeys(_type(each) for each in schema[word]))
    kind = schema.get("type", "any JSON")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}{_bounds(schema, 'minItems', 'maxItems', '')}"
    if kind == "string":
        return f"{schema.get('format', 'text')}{_bounds(schema, 'minLength', 'maxLength', ' characters')}"
    if kind in ("integer", "number"):
        return f"{kind}{_bounds(schema, 'minimum', 'maximum', '')}"
    return str(kind)


def _bounds(schema: Any, least: str, most: str, unit: str) -> str:
    low, high = schema.get(least), schema.get(most)
    if low is None and high is None:
        return ""
    if high is None:
        return f" of at least {low}{unit}"
    return f" of {low}–{high:,}{unit}" if low else f" of at most {high:,}{unit}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _resolved(described: Any, node: Any) -> Any:
    while "$ref" in node:
        found = described
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node
