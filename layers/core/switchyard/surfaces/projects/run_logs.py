"""Append to a run's log and read it (contract: projects.md §7)."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from switchyard.aws import objects
from switchyard.domain import log_addresses, run_logs
from switchyard.domain.errors import NotFound
from switchyard.domain.ids import parse_id
from switchyard.domain.log_addresses import LogAddress
from switchyard.domain.runs import Run
from switchyard.http.call import Call, Reply
from switchyard.http.request import Request
from switchyard.ledger import run_logs as run_log_verbs
from switchyard.store import keys
from switchyard.store import run_logs as run_log_rows
from switchyard.store import runs as run_rows
from switchyard.store.table import Item, Table
from switchyard.store.tracks import is_live
from switchyard.surfaces.projects import run_present, scope
from switchyard.surfaces.projects.log_models import AppendLog, SessionLogs

JSONL = "application/jsonl"

#: Runs whose logs are shown as one: the run, and those that it resumed one after the other.
CHAIN_MAX = 10

#: Bytes of an answer: sent as base64 they stay below the 6 MB that a function may answer.
ANSWER_MAX_BYTES = 4 * 1_048_576

#: Seconds for which the address of a large log is good.
ADDRESS_SECONDS = 3_600

#: Seconds that reading a log by its address may take, below the function's time-out.
SIGNED_SECONDS = 25

#: Bytes of a log that are looked through for one page of it.
EXAMINE_MAX_BYTES = 64 * 1_048_576


def append(call: Call[AppendLog]) -> Reply:
    """Append entries: 1 read and 1 write, whatever the log holds."""
    body = call.body
    started = time.perf_counter()
    _, run = scope.run_in(call)
    read = time.perf_counter()
    run = run_log_verbs.append(call.unit, run, body.entries)
    timings = (("read", started, read), ("append", read, time.perf_counter()))
    durations = ", ".join(f"{name};dur={(end - start) * 1_000:.2f}" for name, start, end in timings)
    return Reply(200, run_present.run(run, call.request.base_url), {"server-timing": durations})


def session(call: Call[None, SessionLogs]) -> Reply:
    """Show a page of the run's own entries that fit, with the counts of all, of those that fit, and whether more do.

    The page ends early at ANSWER_MAX_BYTES. Of a log beyond EXAMINE_MAX_BYTES the rest is left out, and not counted.
    """
    query = call.query
    _, run = scope.run_in(call)
    page: list[bytes] = []
    total = fitting = examined = size = 0
    cut = full = False
    for appends in run_log_rows.pages(call.unit.table, run.tenant_id, run.id):
        if examined > EXAMINE_MAX_BYTES:
            cut = True
            break
        for line in (line for each in appends for line in each.lines):
            total += 1
            examined += len(line)
            if not _fits(line, query):
                continue
            fitting += 1
            if query.offset < fitting and len(page) < query.limit and not full:
                encoded = line.encode()
                size += len(encoded) + 1
                full = size > ANSWER_MAX_BYTES
                if not full:
                    page.append(encoded)
    headers = {
        "content-type": "application/json",
        "x-total-count": str(total),
        "x-filtered-count": str(fitting),
        "x-matching-count": str(fitting),
        "x-has-more": "true" if query.offset + len(page) < fitting else "false",
        "x-truncated": "true" if cut else "false",
    }
    return Reply(200, b"[" + b",".join(page) + b"]", headers)


def read(call: Call) -> Reply:
    """Show the whole log, after the logs of the runs that this one resumed: a line an entry.

    Of more than ANSWER_MAX_BYTES it shows where to read it (303).
    """
    _, run = scope.run_in(call)
    return _whole(call.unit.table, chain(call.unit.row, run))


def read_signed(request: Request, table: Table) -> Reply:
    """Show the same to whoever has the address of the log; raises NotFound with one text for all that opens none.

    1 round trip for the run and its task, none for what is no address or is over.
    """
    table.deadline = time.monotonic() + SIGNED_SECONDS
    address = log_addresses.read(request.path_parameters["address"])
    run = _run_at(table, address) if address and not address.is_over else None
    if run is None:
        raise NotFound("There is no log at this address, or its time is over: read the run again for a new one.")
    return _whole(table, chain(lambda key: table.get(*key), run))


def _run_at(table: Table, address: LogAddress) -> Run | None:
    task_key = keys.track(address.tenant_id, address.task_id)
    run_key = keys.run(address.tenant_id, address.task_id, address.run_id)
    found = table.get_many([task_key, run_key])
    if run_key not in found or not is_live(found.get(task_key)):
        return None
    run = run_rows.from_item(found[run_key])
    return run if address.opens(run) else None


def _whole(table: Table, runs: Sequence[Run]) -> Reply:
    log = bytearray()
    for chunk in _chunks(table, runs):
        log += chunk
        if len(log) > ANSWER_MAX_BYTES:
            return Reply(303, None, {"location": _elsewhere(table, runs)})
    return Reply(200, bytes(log), {"content-type": JSONL})


def _elsewhere(table: Table, runs: Sequence[Run]) -> str:
    """Return an address of the log as an object, written first unless it was since the log's last line.

    At most 1 MB of rows and a part of the object are held in memory.
    """
    run, store = runs[-1], objects.shared(table.deadline)
    last = run_log_rows.newest(table, run.tenant_id, run.id) or "0"
    key = f"tasks/logs/team_{run.tenant_id}/task_{run.task_id}/run_{run.id}.{last}.jsonl"
    if store.heads([key]) == [None]:
        store.put_large(key, _chunks(table, runs, last), JSONL, {"ttl_days": "1", "team_id": run.tenant_id})
    name = f'attachment; filename="run_{run.id}.jsonl"'
    return store.presign_get(key, {"content-type": JSONL, "content-disposition": name}, ADDRESS_SECONDS)


def _chunks(table: Table, runs: Sequence[Run], last: str | None = None) -> Iterator[bytes]:
    """Yield the logs of the runs one after the other, whole lines; of the last run up to the append `last`."""
    for run in runs:
        bound = {"high": last} if last and run is runs[-1] else {}
        for appends in run_log_rows.pages(table, run.tenant_id, run.id, **bound):
            lines = [line for append in appends for line in append.lines]
            yield "".join(f"{line}\n" for line in lines).encode()


def chain(read: Callable[[tuple[str, str]], Item | None], run: Run) -> list[Run]:
    """Return the run and those that it resumed one after the other, oldest first: 1 round trip for each of those.

    `read` returns the row of a key.
    """
    found = [run]
    while found[-1].resumed_from and len(found) < CHAIN_MAX:
        earlier = parse_id(found[-1].resumed_from)
        row = read(keys.run(run.tenant_id, run.task_id, earlier)) if earlier else None
        if row is None or earlier in {each.id for each in found}:
            break
        found.append(run_rows.from_item(row))
    return found[::-1]


def _fits(line: str, query: SessionLogs) -> bool:
    if not (query.after or query.event_types or query.exclude_types):
        return True
    entry: dict[str, Any] = json.loads(line)
    if query.after is not None:
        timestamp = run_logs.timestamp_of(entry)
        if timestamp is None or timestamp <= query.after:
            return False
    kind = run_logs.event_type(entry)
    return (not query.event_types or kind in query.event_types) and kind not in query.exclude_types
