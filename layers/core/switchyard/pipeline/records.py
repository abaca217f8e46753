"""From a record of the table's stream to what happened."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from switchyard.domain.audit import Entry
from switchyard.domain.changes import Change
from switchyard.domain.run_changes import RunChange
from switchyard.store import audit, keys, runs, schedule_keys, tracks
from switchyard.store.packing import unpack

if TYPE_CHECKING:
    from switchyard.domain.comments import Comment
    from switchyard.domain.schedules import Occurrence
    from switchyard.pipeline.schedule_events import ScheduleChange


class CommentChange(NamedTuple):
    """One version of a comment turned into the next; `before` is None for a new comment."""

    before: "Comment | None"
    after: "Comment"


def correlation_id(image: Mapping[str, Any]) -> str | None:
    """Return what joins the log lines about a row (None: nothing does): a run's id, or the request that changed it."""
    if image["sk"]["S"].startswith(keys.RUN):
        return str(image["id"]["S"])
    row = unpack(image)
    found = row.get("correlation_id") or row.get("changed_request")
    return found["S"] if found else None


def read(
    record: Mapping[str, Any],
) -> "Change | RunChange | CommentChange | ScheduleChange | Occurrence | Entry | None":
    """Return the change of a track, a run, a comment or a schedule, an occurrence, or the entry of a refused attempt.

    None for what is neither: a row of another kind, a row whose version did not change (a goal's counts, a drawn
    number, a heartbeat), and the end of a row by its time to live.
    """
    data = record["dynamodb"]
    new, old = data.get("NewImage"), data.get("OldImage")
    if new is None:
        return None
    sort = data["Keys"]["sk"]["S"]
    if sort.startswith(keys.ATTEMPT):
        return audit.entry_of_attempt(new) if old is None else None
    if sort.startswith(keys.COMMENT):
        # Imported here: the other consumer of the stream reads correlation ids alone.
        from switchyard.store import comments

        return CommentChange(comments.from_item(old) if old else None, comments.from_item(new))
    if sort.startswith((schedule_keys.SCHEDULE, schedule_keys.OCCURRENCE)):
        from switchyard.pipeline import schedule_events

        return schedule_events.read(sort, old, new)
    is_run = sort.startswith(keys.RUN)
    if not (is_run or sort == keys.TRACK) or (old and old["version"] == new["version"]):
        return None
    if is_run:
        return RunChange(runs.from_item(old) if old else None, runs.from_item(new))
    return Change(tracks.from_item(old) if old else None, tracks.from_item(new))
