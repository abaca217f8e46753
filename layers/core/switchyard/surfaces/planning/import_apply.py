"""The step of an import that is repeated: a lane's chunks are applied, each in one transaction with its results."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from switchyard.aws.objects import ObjectStore
from switchyard.domain import imports
from switchyard.domain.errors import Invalid, SwitchyardError
from switchyard.domain.imports import Import, Lane, TokenRevoked
from switchyard.domain.structs import replace
from switchyard.http.call import Call, Input, Reply
from switchyard.http.parsing import parse_body
from switchyard.http.perform import perform
from switchyard.http.request import Request
from switchyard.http.statuses import status_of
from switchyard.ledger.unit import Unit
from switchyard.store import import_keys
from switchyard.store import imports as rows
from switchyard.store import tokens as token_rows
from switchyard.store.table import Table
from switchyard.surfaces.planning.apply import apply
from switchyard.surfaces.planning.draft_models import ApplyTracks
from switchyard.surfaces.planning.import_sort import REASON_MAX
from switchyard.surfaces.planning.surface import PLANNING

#: Statuses of refusals that are about the drafts: a part of them may go in.
_OF_DRAFTS = frozenset({400, 403, 409, 412, 413, 422})
#: Seconds that one transaction may take, contention included.
_CHUNK_SECONDS = 25


class Moved(Exception):
    """The lane is not where it was read: it was stopped, or another invocation carries it on."""


def carry_on(table: Table, bucket: ObjectStore, tenant_id: str, import_id: str, number: int, until: float) -> bool:
    """Carry a lane on until an instant (time.monotonic); returns whether it is over. May be repeated.

    Raises TokenRevoked, and Busy when rows keep changing.
    """
    job, lanes = rows.read(table, tenant_id, import_id)
    lane = next((each for each in lanes if each.number == number), None)
    if job is None or job.status != "running" or lane is None or lane.is_over:
        return True
    _check_token(table, job)
    path = imports.lane_path(tenant_id, import_id, number)
    work = _Lane(table, job, lane, until)
    try:
        for line in _lines(bucket.chunks(path, lane.offset, lane.size)):
            if not work.take(line):
                return False
    except Moved:
        # Stopped, or carried on elsewhere: the next invocation sees which.
        return False
    return True


def _check_token(table: Table, job: Import) -> None:
    digest = token_rows.find_digest(table, job.tenant_id, job.actor.token_id)
    row = token_rows.find(table, digest) if digest else None
    if row is None or not row.usable:
        raise TokenRevoked("The token that the import was started with was revoked, or has expired.")


def _lines(content: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for each in content:
        *whole, rest = (rest + each).split(b"\n")
        yield from whole


class _Lane:
    """A lane on its way."""

    def __init__(self, table: Table, job: Import, lane: Lane, until: float) -> None:
        self.table, self.job, self.lane, self.until = table, job, lane, until
        # As the trail is to show what an import does.
        self.actor = replace(job.actor, source=PLANNING.source, operation="planning.start_import")

    def take(self, line: bytes) -> bool:
        """Do the rest of the chunk that begins at the lane's offset; returns False when the time is over."""
        chunk, following = json.loads(line), self.lane.offset + len(line) + 1
        if "refused" in chunk:
            if time.monotonic() > self.until:
                return False
            self._note(chunk["refused"], self._after(chunk["refused"], following, 0))
            return True
        count = len(chunk["drafts"])
        stack = [(self.lane.done, count)]
        while stack:
            if time.monotonic() > self.until:
                return False
            start, end = stack.pop()
            place = (following, 0) if end == count else (self.lane.offset, end)
            refusal = self._apply(chunk, start, end, *place)
            if refusal is None:
                continue
            middle = _middle(chunk["parts"], start, end)
            if middle is None:
                results = _refused(chunk, start, end, refusal)
                self._note(results, self._after(results, *place))
            else:
                stack += [(middle, end), (start, middle)]
        return True

    def _apply(self, chunk: Mapping[str, Any], start: int, end: int, offset: int, done: int) -> SwitchyardError | None:
        """Apply some drafts of a chunk, all or none; returns the error for which they are refused, if they are."""
        self.table.deadline = time.monotonic() + _CHUNK_SECONDS
        scope = {"type": "personal"} if self.job.owner else {"type": "projects", "ids": list(self.job.project_ids)}
        sent = json.dumps({"scope": scope, "updateDrafts": chunk["drafts"][start:end]}, ensure_ascii=False)
        after: list[Lane] = []

        def handle(call: Call[ApplyTracks]) -> Reply:
            if call.unit.attempt:
                self._check_lane(call.unit)
            reply = apply(call)
            results = _results(chunk, start, reply.body["results"])
            after[:] = [self._after(results, offset, done)]
            call.unit.write(*rows.advance(self.lane, after[0], results, self.job.created_at))
            return reply

        try:
            body = parse_body(ApplyTracks, sent.encode("utf-8", "surrogatepass"))
            request = Request("POST", "/v1/imports", "", {}, {}, self.job.id, {})
            given = Input(request, self.actor, body, None)
            perform(handle, given, table=self.table, surface=PLANNING, key=None)
        except SwitchyardError as error:
            if status_of(error) not in _OF_DRAFTS:
                raise
            return error
        self.lane = after[0]
        return None

    def _note(self, results: Sequence[Mapping[str, Any]], after: Lane) -> None:
        """Note what was refused; nothing else is written."""
        unit = Unit(self.table, self.actor, self.job.id)
        self.table.deadline = time.monotonic() + _CHUNK_SECONDS
        self._check_lane(unit)
        unit.write(*rows.advance(self.lane, after, results, self.job.created_at))
        unit.commit(200, {}, "")
        self.lane = after

    def _check_lane(self, unit: Unit) -> None:
        """Raise Moved unless the lane is where this invocation left it."""
        row = unit.row(import_keys.lane(self.job.tenant_id, self.job.id, self.lane.number))
        if row is None or rows.lane_from(row) != self.lane:
            raise Moved

    def _after(self, results: Sequence[Mapping[str, Any]], offset: int, done: int) -> Lane:
        counts = {name: getattr(self.lane, name) for name in imports.OUTCOMES}
        for each in results:
            counts[each["outcome"]] += 1
        return replace(self.lane, offset=offset, done=done, **counts)


def _middle(parts: Sequence[int], start: int, end: int) -> int | None:
    """Return where to divide drafts that were refused together; None for what is not divided."""
    if not parts:
        return (start + end) // 2 if end - start > 1 else None
    bounds, at = [], 0
    for size in parts:
        at += size
        if start < at < end:
            bounds.append(at)
    return bounds[len(bounds) // 2] if bounds else None


def _results(chunk: Mapping[str, Any], start: int, applied: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if chunk["late"]:
        return []
    found = []
    for position, each in enumerate(applied, start):
        draft = chunk["drafts"][position]
        told = {"line": chunk["lines"][position], "externalId": draft["externalId"], "outcome": each["outcome"]}
        found.append({**told, "id": each["id"], "version": each["version"], "atomic": bool(chunk["parts"])})
    return found


def _refused(chunk: Mapping[str, Any], start: int, end: int, error: SwitchyardError) -> list[dict[str, Any]]:
    """Return the results of drafts that were refused together: the one at fault says why, the others name it."""
    outcome = "incomplete" if chunk["late"] else "refused"
    reasons = _reasons(error, start)
    at_fault = [position for position in range(start, end) if position in reasons]
    found = []
    for position in range(start, end):
        reason = reasons.get(position) or (reasons.get(None) if not at_fault else None)
        line = chunk["lines"][at_fault[0]] if at_fault else None
        reason = reason or f"belongs together with line {line}, which is refused"
        told = {"line": chunk["lines"][position], "externalId": chunk["drafts"][position]["externalId"]}
        found.append({**told, "outcome": outcome, "error": reason[:REASON_MAX], "atomic": bool(chunk["parts"])})
    return found


def _reasons(error: SwitchyardError, start: int) -> dict[int | None, str]:
    """Return why drafts are refused, by their positions in the chunk; None stands for all of them."""
    found: dict[int | None, str] = {None: str(error)}
    for each in error.fields if isinstance(error, Invalid) else ():
        name, _, rest = each.field.partition(".")
        number, _, field = rest.partition(".")
        if name == "updateDrafts" and number.isdecimal():
            found.setdefault(start + int(number), f"{field or 'the draft'}: {each.reason}")
        else:
            found[None] = f"{each.field}: {each.reason}"
    return found
