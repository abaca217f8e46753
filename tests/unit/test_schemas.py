"""JSON Schemas of hostile senders: each is refused, or checks its values, within the time; none fails."""

import signal
from typing import Any

import pytest

from switchyard.http.validation import Expectation
from switchyard.surfaces.projects import schemas

BRACKETS = 3_000


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"pattern": "x{99999999999}"}, "repetition number is too large"),
        ({"patternProperties": {"x{99999999999}": True}}, "repetition number is too large"),
        ({"pattern": "(" * BRACKETS + ")" * BRACKETS}, "nested too deeply"),
        ({"pattern": "("}, "is not a 'regex'"),
        ({"$ref": "#/title", "title": "a text"}, "refers to '#/title', which is not a JSON Schema"),
        ({"$ref": "#/extra", "extra": {"multipleOf": 0}}, "refers to '#/extra', which is not a JSON Schema"),
        ({"items": {"$ref": "#/extra"}, "extra": {"type": "no such type"}}, "which is not a JSON Schema"),
        ({"$ref": "#/$defs/nothing"}, "which it does not contain"),
        ({"$dynamicRef": "#nowhere"}, "which it does not contain"),
        ({"$ref": "https://example.com/schema.json"}, "refers to 'https://example.com/schema.json'"),
        ({"$ref": "#/%ff"}, "which it does not contain"),
        ({"$id": 7}, "is not a JSON Schema"),
        ({"$anchor": "("}, "is not a JSON Schema"),
    ],
)
def test_a_schema_that_would_fail_later_is_refused_when_it_is_set(schema: Any, words: str) -> None:
    with pytest.raises(Expectation) as refused:
        schemas.check(schema)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/item", "$defs": {"item": {"type": "integer"}}},
        {"properties": {"next": {"$ref": "#"}}},
        {"$ref": "#here", "$defs": {"item": {"$anchor": "here", "type": "integer"}}},
        {"$ref": "#/$defs/a%20b", "$defs": {"a b": True}},
    ],
)
def test_a_schema_may_refer_to_its_own_parts(schema: Any) -> None:
    schemas.check(schema)


def test_a_check_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "SECONDS_MAX", 0.05)
    wide = {f"f{number}": {"pattern": "[" + "ab-z" * 200 + "]" * (number + 1)} for number in range(150)}
    with pytest.raises(Expectation, match=r"took longer than 0\.05 seconds"):
        schemas.check({"properties": wide})
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"multipleOf": 0.5}, 10**400, "cannot be checked"),
        ({"$ref": "#/extra", "extra": {"multipleOf": 0}}, 7, "cannot be checked"),
        ({"$ref": "#/title", "title": "a text"}, 7, "cannot be checked"),
        ({"$ref": "#"}, 7, "refers to itself without end"),
        ({"uniqueItems": True}, [[1], [1]], "non-unique"),
    ],
)
def test_a_value_that_the_validator_fails_on_is_refused(schema: Any, value: Any, words: str) -> None:
    assert words in str(schemas.problem(schema, value))


def test_a_value_that_fits_has_no_problem() -> None:
    assert schemas.problem({"multipleOf": 0.5}, 2.5) is None
