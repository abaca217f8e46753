"""Domain events: what is published about a change of a track (docs/events.md)."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from switchyard.aws.bus import Entry
from switchyard.domain import clock
from switchyard.domain.changes import Change
from switchyard.domain.comments import Comment
from switchyard.domain.questions import Question
from switchyard.domain.runs import Run
from switchyard.domain.structs import Struct
from switchyard.domain.tracks import Track

if TYPE_CHECKING:
    from switchyard.domain.schedules import Schedule

SOURCE = "switchyard"

#: Bytes of JSON that one field of a track may have in an event; larger ones are left out by name.
FIELD_MAX = 16_000

#: In JSON text the control characters are escaped already.
_NO_XML = re.compile("[\\ud800-\\udfff\\ufffe\\uffff]")

_SHOWN = {
    "id": "id",
    "type": "type",
    "title": "title",
    "description": "description",
    "status": "status",
    "priority": "priority",
    "due": "due",
    "assignee": "assignee",
    "assignee_type": "assigneeType",
    "parent_id": "parentId",
    "depends_on": "dependsOn",
    "goal_id": "goalId",
    "number": "number",
    "progress": "progress",
    "owner": "owner",
    "project_ids": "projectIds",
    "related_type": "relatedType",
    "related_id": "relatedId",
    "labels": "labels",
    "metadata": "metadata",
    "holder": "holder",
    "completed_at": "completedAt",
    "completed_note": "completedNote",
    "created_by": "createdBy",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
    "version": "version",
}


class DomainEvent(Struct):
    """One event. `id` is the same whenever the event is made again; `sequence` grows with the track's changes."""

    id: str
    type: str
    sequence: int
    detail: Mapping[str, Any]

    def entry(self) -> Entry:
        """Return the event as PutEvents takes it."""
        time = clock.milliseconds(self.detail["time"]) // 1000  # as the service's JSON has it: seconds since the epoch
        detail = _xml_safe(json.dumps(self.detail, ensure_ascii=False, separators=(",", ":")))
        return {"Source": SOURCE, "DetailType": self.type, "Time": time, "Detail": detail}


def events_of(change: Change) -> list[DomainEvent]:
    """Return the events of a change: the general one first, then what else it means."""
    kind, after = change.after.type, change.after
    if change.deleted:
        types = ["deleted"]
    else:
        types = ["updated" if change.before else "created"]
        types += ["status_changed"] if change.status_changed else []
        types += ["completed"] if change.completed else []
        types += ["assigned"] if change.assigned and after.is_task else []
    previous = change.before.status if change.before and not change.crosses_visibility else None
    common = _common(after, after, previous) | {
        "overruled": list(after.overruled),
        "changes": [each.as_dict() for each in change.differences()],
    }
    return [event_of(f"{kind}.{each}", after, common) for each in types]


def stuck_event(task: Track, lost: Track) -> DomainEvent:
    """Return the event that a task waits for one which will never be done, as it was cancelled or deleted."""
    prerequisite = {"id": lost.id, "fate": "deleted" if lost.deleted_at else "cancelled"}
    common = _common(lost, task, task.status) | {"prerequisite": prerequisite}
    return sealed("task.stuck", f"{task.tenant_id}#{task.id}#{lost.id}#{lost.version}", task.version, common)


def comment_event(comment: Comment, track: Track) -> DomainEvent:
    """Return the event that somebody commented on a track."""
    said = {"id": comment.id, "text": comment.text, "mentions": list(comment.mentions), "createdAt": comment.created_at}
    common = _common(comment, track, track.status) | {"comment": said}
    return sealed(f"{track.type}.commented", f"{track.tenant_id}#{comment.id}", track.version, common)


def _common(cause: Track | Comment, track: Track, previous_status: str | None) -> dict[str, Any]:
    """Return what every event about a track says. `cause` is what was written: the track, another one, or a comment."""
    shown, omitted = snapshot(track, _SHOWN)
    return {
        **origin(cause, track),
        "overruled": [],
        "previousStatus": previous_status,
        "track": shown,
        "omitted": omitted,
        "changes": [],
    }


def origin(cause: "Track | Run | Comment | Schedule", subject: "Track | Run | Schedule") -> dict[str, Any]:
    """Return what every event says: when its cause was written and by whom, and who may see the subject."""
    return {
        "time": cause.updated_at,
        "sequence": subject.version,
        "tenantId": subject.tenant_id,
        "owner": subject.owner,
        "actor": {"id": cause.changed_by, "kind": cause.changed_by_kind, "source": cause.changed_source},
        "requestId": cause.changed_request,
    }


def event_of(name: str, subject: Track | Run, common: Mapping[str, Any]) -> DomainEvent:
    """Return an event about a version of a track or a run, with an id that is the same each time."""
    return sealed(name, f"{subject.tenant_id}#{subject.id}#{subject.version}", subject.version, common)


def sealed(name: str, about: str, sequence: int, common: Mapping[str, Any]) -> DomainEvent:
    """Return an event with an id that is the same whenever it is made of the same."""
    event_id = f"evt_{hashlib.sha256(f'{about}#{name}'.encode()).hexdigest()[:32]}"
    return DomainEvent(event_id, name, sequence, {"id": event_id, "type": name, **common})


def snapshot(subject: Track | Run | Question, names: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return the named fields by their names in events, and those that are left out for their size."""
    shown: dict[str, Any] = {}
    omitted = []
    for name, wire in names.items():
        value = getattr(subject, name)
        plain = list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
        if len(_xml_safe(json.dumps(plain, ensure_ascii=False)).encode()) > FIELD_MAX:
            omitted.append(wire)
        else:
            shown[wire] = plain
    return shown, omitted


def _xml_safe(text: str) -> str:
    """Return JSON text with those characters escaped that SQS refuses (XML 1.0 has none of them), and UTF-8 lacks.

    An event that cannot be delivered goes to a queue. Others stay as they are: escaped they would need thrice the
    bytes.
    """
    return _NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
