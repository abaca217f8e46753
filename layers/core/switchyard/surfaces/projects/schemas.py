"""JSON Schemas that clients attach to tasks, for the output of their runs. Import it where one is at hand: it is heavy.

Nothing is ever fetched: a schema refers to itself alone.
"""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from switchyard.http.validation import Expectation

#: Seconds that the check of a schema, or of one value, may take: a pattern can be made to try for years.
SECONDS_MAX = 2.0

_NOTHING_ELSE: Registry[Any] = Registry()
_REFERENCES = ("$ref", "$dynamicRef")


#: What the validator raises, beside its own errors, for schemas and values that its authors did not think of: a
#: repetition of 10^11, a multiple of 0, a number of 400 digits, a pattern of 3,000 brackets, a reference to a text.
_FAILURES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class _TooSlow(Exception):
    """The check takes longer than SECONDS_MAX."""


def check(schema: Mapping[str, Any]) -> None:
    """Raise Expectation for what is not a JSON Schema (draft 2020-12) as a whole.

    Whatever a reference leads to must be in the document, and a schema too.
    """
    try:
        with _bounded():
            problem = _fault(schema) or _fault_behind_references(schema)
    except _TooSlow:
        raise Expectation(_too_slow(), "a smaller schema with simpler patterns") from None
    except _FAILURES as error:
        raise Expectation(f"cannot be checked: {_reason(error)}", "draft 2020-12") from None
    if problem:
        raise Expectation(*problem)


def problem(schema: Mapping[str, Any], value: Any) -> str | None:
    """Return what is wrong first with a value by a schema that was checked; None when it fits."""
    try:
        with _bounded():
            found = next(Draft202012Validator(schema, registry=_NOTHING_ELSE).iter_errors(value), None)
    except Unresolvable as error:
        return f"the schema refers to what it does not contain: {error}"[:500]
    except RecursionError:
        return "the schema refers to itself without end"
    except _TooSlow:
        return _too_slow()
    except _FAILURES as error:
        return f"the value cannot be checked against the schema: {_reason(error)}"
    return None if found is None else f"{found.message} at {found.json_path}"[:500]


def _fault(schema: Any) -> tuple[str, str] | None:
    """Return the problem of one schema by the meta-schema, with what would be right."""
    try:
        Draft202012Validator.check_schema(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    except SchemaError as error:
        return f"is not a JSON Schema: {error.message[:300]} at {error.json_path}", "draft 2020-12"
    return None


def _fault_behind_references(schema: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the first problem of what references lead to: the meta-schema does not look there."""
    resolver = _NOTHING_ELSE.with_resource("", DRAFT202012.create_resource(schema)).resolver()
    for reference in dict.fromkeys(_references(schema)):
        if not reference.startswith("#"):
            return f"refers to {reference[:100]!r}", "references into the schema itself, like #/$defs/item"
        try:
            found = resolver.lookup(reference).contents
        except Unresolvable:
            return f"refers to {reference[:100]!r}, which it does not contain", "a reference to a part of the schema"
        if fault := _fault(found):
            return f"refers to {reference[:100]!r}, which {fault[0]}", fault[1]
    return None


def _too_slow() -> str:
    return f"the check took longer than {SECONDS_MAX:g} seconds: give the schema simpler patterns"


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:300]


@contextmanager
def _bounded() -> Iterator[None]:
    """Raise _TooSlow in what takes longer than SECONDS_MAX, also in a pattern that is being matched.

    By an alarm, which only a main thread can set; functions run in theirs.
    """

    def stop(*_: object) -> None:
        raise _TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS_MAX)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _references(schema: Any) -> list[str]:
    found, todo = [], [schema]
    while todo:
        each = todo.pop()
        if isinstance(each, Mapping):
            found += [each[name] for name in _REFERENCES if isinstance(each.get(name), str)]
            todo += each.values()
        elif isinstance(each, list):
            todo += each
    return found
