"""Examples for docs/openapi.json: the sample events under events/, and their answers under answers/."""

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from switchyard.catalogue import ROOT
from switchyard.http.operation import Operation
from switchyard.surfaces.pool.payloads import payload

#: Answers to the sample events, by their paths (tests/api/test_samples.py writes and checks them).
ANSWERS = ROOT / "answers"
#: In place of what a sample event leaves open.
_SAMPLE = {"WORKSPACE": "01981f5c-7a00-7000-8000-000000000001"}


def _file(folder: Path, name: str) -> Path:
    return folder.joinpath(*name.split(".")).with_suffix(".json")


@cache
def _event(name: str) -> dict[str, Any]:
    """Return the sample event of an operation; empty where there is none."""
    path = _file(ROOT / "events", name)
    if not path.exists():
        return {}
    text = path.read_text(encoding="utf-8")
    for placeholder, value in _SAMPLE.items():
        text = text.replace(placeholder, value)
    return dict(json.loads(text))


def of_path(operation: Operation, parameter: str) -> str | None:
    """Return the value of a path's parameter in the sample event."""
    value = _event(operation.name).get("pathParameters", {}).get(parameter)
    return None if value is None else str(value)


def of_query(operation: Operation) -> dict[str, Any]:
    """Return the query of the sample event; a parameter that is repeated as a list."""
    given = parse_qs(_event(operation.name).get("rawQueryString", ""))
    return {name: values if name in operation.query_lists else values[0] for name, values in given.items()}


def of_body(operation: Operation) -> Any:
    """Return the body of the sample event, of a form its fields; None where it has none."""
    body = _event(operation.name).get("body")
    if body and operation.form:
        return dict(parse_qsl(body))
    return json.loads(body) if body else None


def of_answer(operation: Operation) -> Any:
    """Return what the sample event is answered with; None where it was not recorded, or has no body."""
    path = _file(ANSWERS, operation.name)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def of_webhook() -> Any:
    """Return the message of the sample event of a task."""
    return payload(_event("pipeline.dispatch_webhooks")["detail"])
