"""Contention of workers that draw at the same moment: each would take the first candidate, and all but one be refused.

So a container whose draw met another one draws at random for a while, among candidates that are equally good.
"""

import random
import time
from collections.abc import Sequence

from switchyard.ledger.unit import Unit

#: Seconds for which a container that met other workers draws at random.
SECONDS = 5.0

_until: dict[tuple[str, str], float] = {}


def are_contended(unit: Unit, what: str) -> bool:
    """Return whether others draw `what` of the tenant too: this draw or a recent one of this container lost to one."""
    key = (unit.actor.tenant_id, what)
    if unit.attempt:
        _until[key] = time.monotonic() + SECONDS
    return _until.get(key, 0) > time.monotonic()


def shuffled[T](candidates: Sequence[T]) -> list[T]:
    """Return the candidates in random order."""
    return random.sample(candidates, len(candidates))
