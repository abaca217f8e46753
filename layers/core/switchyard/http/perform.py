"""Do the work of a request on a unit of its own, and commit it once."""

import time
from collections.abc import Callable

from switchyard.aws.telemetry import logger
from switchyard.domain.claims import Leased
from switchyard.domain.errors import Blocked, Busy, IdempotencyConflict, PreconditionFailed, SwitchyardError
from switchyard.domain.structs import replace
from switchyard.domain.tokens import redacted
from switchyard.http.answers import Answer, as_json, encoded
from switchyard.http.call import Call, Input, Reply
from switchyard.http.statuses import status_of
from switchyard.http.surface import Refusal, Surface
from switchyard.ledger.unit import Stale, Unit
from switchyard.store import contention, idempotency
from switchyard.store.idempotency import KeyUse, Replay
from switchyard.store.table import ConditionFailed, Table

#: Refusals that stay true for the same request, so that they are kept under its idempotency key too.
_FINAL = frozenset({404, 409, 422})
#: Those among them that may pass.
_PASSING = (PreconditionFailed, IdempotencyConflict, Leased, Blocked)


def perform[Body, Query](
    handler: Callable[[Call[Body, Query]], Reply],
    given: Input[Body, Query],
    *,
    table: Table,
    surface: Surface,
    key: KeyUse | None,
    fence: int | None = None,
) -> Answer:
    """Run the handler and commit what it gathered, with the answer under its key; again under contention.

    Raises the handler's SwitchyardErrors; a final one is kept under the key too, in the words of the surface.
    """
    started = time.monotonic()
    for attempt in contention.until(table.deadline - 1):
        unit = Unit(table, given.actor, given.request.id, key, fence, attempt, started)
        try:
            reply = handler(Call.made({**vars(given), "unit": unit}))
            if unit.overruled:
                named = ", ".join(surface.show_id(each) for each in unit.overruled)
                reply = replace(reply, headers={**reply.headers, "dependencies-overruled": named})
            if unit.unknown_projects:
                from switchyard.http import unknown_projects

                headers = {**reply.headers, "projects-unknown": unknown_projects.header(unit.unknown_projects)}
                reply = replace(reply, headers=headers)
            if unit.about_run:
                reply = replace(reply, logged={**reply.logged, "correlation_id": unit.about_run})
            answer = encoded(reply)
            kept = answer.body if reply.kept is None else as_json(reply.kept)
            unit.commit(answer.status, answer.headers, kept)
        except Replay as known:
            first = known.remembered
            return Answer(first.status, first.headers, first.body, replayed=True)
        except Stale:
            continue
        except SwitchyardError as refusal:
            _audit_refusal(unit, refusal)
            if key and status_of(refusal) in _FINAL and not isinstance(refusal, _PASSING):
                _keep(key, surface.refuse(refusal, given.request), table)
            raise
        return answer
    busy = Busy("Too many changes of the same tracks at once: try again in a second.")
    _audit_refusal(unit, busy)
    raise busy


def _audit_refusal(unit: Unit, refusal: SwitchyardError) -> None:
    """Record a refusal in the audit trail, before it is answered."""
    attempts = unit.ends.refused(unit.actor, unit.request_id, refusal, status_of(refusal))
    if attempts:
        unit.table.write(attempts)
        refusal.audited = True


def _keep(key: KeyUse, refusal: Refusal, table: Table) -> None:
    """Remember a final refusal under the request's key, unless the key is taken."""
    status, headers, body = refusal
    try:
        table.write(idempotency.remember(key, status, headers, redacted(body)))
    except ConditionFailed:
        logger.info("idempotency key taken meanwhile")
