"""Signals: the records of the stream that a workflow may wait for, on their way to a queue.

The queue keeps them until Step Functions takes what follows from them (ledger/signals.py), and holds up no other
reader of the stream meanwhile.
"""

import json
from collections.abc import Mapping
from typing import Any

from switchyard.domain import goal_runs, lifecycle
from switchyard.store import goal_runs as goal_run_rows
from switchyard.store import keys
from switchyard.store import tracks as track_rows
from switchyard.store.table import Item

#: Characters of an attribute that a signal carries; no workflow looks at longer ones (outputs, inputs, descriptions).
_ATTRIBUTE_MAX = 4_000


def due(data: Mapping[str, Any]) -> str | None:
    """Return the message of a record (its `dynamodb` part) that concerns a workflow; None for every other record.

    These are the records of runs and goal runs, that of a task's end, and those of changes that bear on goal runs.
    """
    new, old = data.get("NewImage"), data.get("OldImage")
    if new is None:
        return None
    sort = data["Keys"]["sk"]["S"]
    wanted = sort.startswith(keys.RUN) or (sort == keys.GOAL_RUN and _concerns_execution(old, new))
    if wanted or (sort == keys.TRACK and (ends(old, new) or _bears_on_goal_runs(old, new))):
        images = {"NewImage": _short(new)} | ({"OldImage": _short(old)} if old else {})
        return json.dumps({"Keys": data["Keys"], **images}, ensure_ascii=False, separators=(",", ":"))
    return None


def ends(old: Item | None, new: Item) -> bool:
    """Tell whether a task that had runs came to its end."""
    return _has_ended(new) and not (old and _has_ended(old))


def _has_ended(task: Item) -> bool:
    if "latest_run_id" not in task:
        return False
    return "deleted_at" in task or task.get("status", {}).get("S") in lifecycle.FINAL


def _concerns_execution(old: Item | None, new: Item) -> bool:
    return old is None or old["id"] != new["id"] or goal_run_rows.from_item(new).is_answerable


def _bears_on_goal_runs(old: Item | None, new: Item) -> bool:
    before, after = track_rows.from_item(old) if old else None, track_rows.from_item(new)
    in_goal = after.goal_id or (before and before.goal_id) or not after.is_task
    return bool(in_goal or goal_runs.ends_or_reopens(before, after)) and goal_runs.bears_on(before, after)


def _short(image: Item) -> Item:
    return {name: value for name, value in image.items() if len(str(value)) <= _ATTRIBUTE_MAX}
