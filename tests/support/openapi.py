"""docs/openapi.json, and what it says of an answer."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from switchyard.catalogue import ROOT


@cache
def openapi() -> dict[str, Any]:
    """Return docs/openapi.json."""
    return dict(json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8")))


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference within docs/openapi.json leads to."""
    while "$ref" in node:
        found: Any = openapi()
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


@cache
def _content(method: str, path: str, status: int) -> dict[str, Any] | None:
    """Return the published bodies of an answer by media type; None for a status that is not published."""
    described = openapi()["paths"][path][method.lower()]["responses"].get(str(status))
    return None if described is None else dict(_resolved(described).get("content", {}))


@cache
def _validator(method: str, path: str, status: int, media: str) -> Draft202012Validator:
    content = _content(method, path, status) or {}
    return Draft202012Validator({**content[media]["schema"], "components": openapi()["components"]})


def check(method: str, path: str, status: int, content_type: str, text: str) -> None:
    """Raise unless docs/openapi.json has the answer to a request of the path, as it is spelled there."""
    content = _content(method, path, status)
    assert content is not None, f"{method} {path}: {status} is not published: {text[:300]}"
    if not content:
        assert not text, f"{method} {path}: {status} is published without a body"
        return
    media = content_type.partition(";")[0]
    if "*/*" in content:
        return
    assert media in content, f"{method} {path}: {status} is not published as {media}"
    if media.endswith("json"):
        _validator(method, path, status, media).validate(json.loads(text))
