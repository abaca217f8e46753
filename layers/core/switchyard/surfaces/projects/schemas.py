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

from switchyard.http.validation import Expectation

#: Seconds that the check of one value may take: a pattern can be made to try for years.
SECONDS_MAX = 2.0

_NOTHING_ELSE: Registry[Any] = Registry()
_REFERENCES = ("$ref", "$dynamicRef")


class _TooSlow(Exception):
    """The check takes longer than SECONDS_MAX."""


def check(schema: Mapping[str, Any]) -> None:
    """Raise Expectation for what is no JSON Schema (draft 2020-12), or refers to another document."""
    try:
        Draft202012Validator.check_schema(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    except SchemaError as error:
        raise Expectation(f"is no JSON Schema: {error.message[:300]} at {error.json_path}", "draft 2020-12") from None
    for reference in _references(schema):
        if not reference.startswith("#"):
            raise Expectation(f"refers to {reference[:100]!r}", "references into the schema itself, like #/$defs/item")


def problem(schema: Mapping[str, Any], value: Any) -> str | None:
    """Return what is wrong first with a value by a schema that was checked; None when it fits."""
    try:
        with _bounded():
            found = next(Draft202012Validator(schema, registry=_NOTHING_ELSE).iter_errors(value), None)
    except Unresolvable as error:
        return f"the schema refers to what it has not: {error}"[:500]
    except RecursionError:
        return "the schema refers to itself without end"
    except _TooSlow:
        return f"the check took longer than {SECONDS_MAX:g} seconds: give the schema simpler patterns"
    return None if found is None else f"{found.message} at {found.json_path}"[:500]


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
