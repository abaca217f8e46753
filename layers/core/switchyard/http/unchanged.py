"""What a client sends back as it was shown is no change, so it is no reason to refuse a body (docs/concepts.md).

A body is read strictly first. Only one that is refused, and that is a record sent back by its own marks, is held
against what the record shows: refused fields that hold what is shown are left out, and the rest is read again.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from switchyard.domain.errors import SwitchyardError
from switchyard.domain.tracks import same
from switchyard.http.core import ValidationError, from_json
from switchyard.http.models import Model
from switchyard.http.operation import OWN
from switchyard.http.parsing import is_malformed, refusal, refuse_repeated

#: By which fields a body is seen to be a record sent back, or to hold some: a body of single fields is read as strictly
#: as ever.
_MARKS = (
    {"id"},
    {"data"},
    {"number", "completed"},
    {"updateDrafts"},
    {"upserts"},
    {"configSnapshot"},
    {"mode", "sender"},
)

#: Returns what a record shows, given the JSON of the body.
Shown = Callable[[Any], Any]


def read_body[M: Model](model: type[M], raw: bytes, shown: Shown) -> M:
    """Return the body as the model, without refused fields that hold what `shown` returns.

    Raises MalformedBody for what is not JSON, and Invalid for the rest: a field that is shown and cannot be changed
    is refused as read-only.
    """
    try:
        found = model.model_validate_json(raw)
    except ValidationError as error:
        first = error
    else:
        refuse_repeated(raw)
        return found
    known = _known(first, raw, shown)
    if known is None:
        raise refusal(first, "body", model) from None
    refuse_repeated(raw)
    return _reread(model, from_json(raw), first, known)


def _known(error: ValidationError, raw: bytes, shown: Shown) -> Any:
    if is_malformed(error):
        return None
    body = from_json(raw)
    if not isinstance(body, dict) or not any(marks <= body.keys() for marks in _MARKS):
        return None
    try:
        return shown(body)
    except SwitchyardError:
        return None  # There is no such record: the refusal of the body stays, as for any other.


def _reread[M: Model](model: type[M], body: Any, error: ValidationError, shown: Any) -> M:
    while _leave_out(body, shown, error.errors(include_url=False)):
        try:
            return model.model_validate_json(json.dumps(body))
        except ValidationError as next_error:
            error = next_error
    raise refusal(error, "body", model, lambda loc: _is_shown(loc, shown)) from None


def _leave_out(body: Any, shown: Any, refused: Iterable[Any]) -> bool:
    """Take the fields out of the body that are refused and hold what is shown; returns whether there was one."""
    return any([_leave_out_one(body, shown, each) for each in refused])


def _leave_out_one(body: Any, shown: Any, refused: Any) -> bool:
    # What is the service's own may have any value, but not in a field that can be given: that is refused for its value.
    any_value = refused["type"] == "extra_forbidden" or refused["input"] is None
    for step in refused["loc"]:
        if isinstance(body, dict) and isinstance(shown, Mapping) and step in body and step in shown:
            if (shown[step] == OWN and any_value) or same(body[step], shown[step]):
                del body[step]
                return True
        elif not (isinstance(body, list) and isinstance(shown, list) and isinstance(step, int) and step < len(shown)):
            return False
        body, shown = body[step], shown[step]
    return False


def _is_shown(loc: tuple[int | str, ...], shown: Any) -> bool:
    for step in loc:
        found = isinstance(shown, Mapping) and step in shown
        if not found and not (isinstance(shown, list) and isinstance(step, int) and step < len(shown)):
            return False
        shown = shown[step]
    return True
