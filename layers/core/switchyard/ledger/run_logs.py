"""Appending to a run's log: one write, whatever the log holds; now and then a heartbeat beside it."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from switchyard.domain import clock, run_logs
from switchyard.domain.ids import new_id
from switchyard.domain.run_logs import STABLE_SECONDS
from switchyard.domain.runs import Run
from switchyard.ledger.unit import Unit
from switchyard.store import run_logs as run_log_rows
from switchyard.store import runs as run_rows
from switchyard.store.run_logs import Append


def append(unit: Unit, run: Run, entries: Sequence[Mapping[str, Any]]) -> Run:
    """Gather the entries for the log of a run that was read; returns the run, with a new heartbeat if one is due.

    Pieces of messages are left out. Raises StaleFence, Leased, or Closed for a run that ended a while ago.
    """
    run_logs.check_append(run, unit.actor, unit.fence, clock.now())
    lines = [_line(entry) for entry in entries if not run_logs.is_fragment(entry)]
    if lines:
        unit.write(run_log_rows.put(unit.actor.tenant_id, run.id, Append(new_id(), lines)))
        # Delayed for longer it is refused as busy: readers who follow the log may have passed the place of its id.
        unit.write_by = time.monotonic() + STABLE_SECONDS / 2
    after = run_logs.alive(run, unit.actor)
    if after is None:
        return run
    unit.write(run_rows.update(run, after))
    return after


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
