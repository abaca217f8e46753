"""The idempotency key of a request: which one it is, and what it identifies."""

import hashlib
import json
from typing import Any

from switchyard.domain.actors import Actor
from switchyard.domain.errors import FieldError, Invalid
from switchyard.http.models import Model
from switchyard.http.operation import Operation
from switchyard.http.request import Request
from switchyard.store.idempotency import KEY_MAX, KeyUse

#: Headers that are part of what a key identifies.
_CONDITIONS = ("if-match", "claim-fence")


def key_of(operation: Operation, request: Request, body: Model | None, actor: Actor) -> KeyUse | None:
    """Return the use of the request's key, from the header or the body's field; raises Invalid when they differ."""
    key = request.headers.get("idempotency-key")
    named = getattr(body, operation.key_field) if operation.key_field else None
    expected = f"1 to {KEY_MAX} printable ASCII characters"
    if key is not None and not 1 <= len(key) <= KEY_MAX:
        raise Invalid(FieldError("Idempotency-Key", f"has {len(key)} characters", expected, "length"))
    if key is not None and not (key.isascii() and key.isprintable()):
        problem = "has characters that a header may not have"
        raise Invalid(FieldError("Idempotency-Key", problem, expected, "characters"))
    if key is not None and named is not None and key != named:
        problem = "differs from the header Idempotency-Key"
        raise Invalid(FieldError(str(operation.key_field), problem, "one key, in either place", "conflict"))
    key = named if key is None else key
    if key is None:
        return None
    # Imported here: only what has a body needs it.
    from switchyard.http.core import from_json

    raw = request.body()
    content = canonical(from_json(raw), operation.key_field) if body is not None and raw else raw.hex()
    conditions = [request.headers.get(name, "") for name in _CONDITIONS]
    return key_use(actor, key, operation.name, request.path, request.query_string, *conditions, content)


def key_use(actor: Actor, key: str, *what: str) -> KeyUse:
    """Return the use of a key by the actor for what the words name, in this order."""
    return KeyUse(actor.tenant_id, actor.id, key, hashlib.sha256("\n".join(what).encode()).hexdigest())


def canonical(value: Any, without: str | None = None) -> str:
    """Return a JSON value as text that is the same for any order of its fields; `without` leaves one field out."""
    if without is not None:
        value = {name: each for name, each in value.items() if name != without}
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
