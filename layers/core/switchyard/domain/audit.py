"""The audit trail: one entry for each change of a track, and for each refused attempt to bring one to its end."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from switchyard.domain import lifecycle
from switchyard.domain.actors import Actor
from switchyard.domain.changes import Action, Change, Difference, difference
from switchyard.domain.errors import SwitchyardError
from switchyard.domain.run_changes import RunChange
from switchyard.domain.runs import Run
from switchyard.domain.structs import Struct, replace
from switchyard.domain.tracks import Track

if TYPE_CHECKING:
    from switchyard.domain.comments import Comment
    from switchyard.domain.questions import Question
    from switchyard.domain.schedules import Schedule

Outcome = Literal["applied", "refused"]


class Entry(Struct, kw_only=True):
    """One line of the trail.

    `id` begins with the time of the act, so that the order of ids is the order of acts, and is the same each time
    the entry is made from the same record. `unread` says that it was refused before the track was read: whether there
    is one is not known. `overruled` are prerequisites that a person did not wait for. `owner` is
    set when one actor alone may read the entry. `shard` is the track's, as far as it is known.
    """

    id: str
    tenant_id: str
    track_id: str
    track_type: str
    owner: str | None
    at: str
    action: Action
    outcome: Outcome = "applied"
    version: int | None = None
    actor_id: str
    actor_kind: str
    source: str
    request_id: str
    operation: str | None = None
    previous_status: str | None
    new_status: str | None
    related_type: str | None
    related_id: str | None
    differences: Sequence[Difference] = ()
    overruled: tuple[str, ...] = ()
    unread: bool = False
    error_code: str | None = None
    error_status: int | None = None
    shard: int = 0


def entry_of_change(change: Change) -> Entry:
    """Return the entry of a change.

    An entry of a change between shared and personal is the tenant's, and shows nothing of the personal side.
    """
    before, after = change.before, change.after
    entry = Entry(
        **_applied(after),
        track_id=after.id,
        track_type=after.type,
        action=change.action,
        previous_status=before.status if before else None,
        related_type=after.related_type,
        related_id=after.related_id,
        differences=change.differences(),
        overruled=after.overruled,
        shard=after.shard,
    )
    if before is None or not change.crosses_visibility:
        return entry
    shared = before if before.owner is None else after
    return replace(
        entry,
        owner=None,
        previous_status=shared.status,
        new_status=shared.status,
        related_type=shared.related_type,
        related_id=shared.related_id,
        overruled=(),
    )


def entry_of_run(change: RunChange, question: "Question | None" = None) -> Entry:
    """Return the entry of a run's new status, or of its question, in the trail of its task.

    The related resource is the run. What was asked, and who answered what, are differences.
    """
    before, after = change.before, change.after
    action: Action = "run_status_changed"
    if not change.status_changed:
        action = "run_asked" if change.asked else "run_answered"
    return Entry(
        **_applied(after),
        track_id=after.task_id,
        track_type="task",
        action=action,
        previous_status=before.status if before else None,
        related_type="run",
        related_id=after.id,
        differences=_told(question) if question else (),
    )


def entry_of_comment(before: "Comment | None", after: "Comment", track: Track) -> Entry:
    """Return the entry of a comment that was written, edited or deleted, in the trail of its track."""
    action: Action = "comment_deleted" if after.deleted_at else "comment_edited" if before else "commented"
    return Entry(
        **_acted(after),
        track_id=track.id,
        track_type=track.type,
        owner=track.owner,
        action=action,
        previous_status=track.status,
        new_status=track.status,
        related_type="comment",
        related_id=after.id,
        shard=track.shard,
        differences=[difference("comment", before.text if before else None, None if after.deleted_at else after.text)],
    )


def entry_of_schedule(before: "Schedule | None", after: "Schedule", action: Action, names: Sequence[str]) -> Entry:
    """Return the entry of a schedule's change, with those of the named fields that differ."""
    told = ((name, getattr(before, name) if before else None, getattr(after, name)) for name in names)
    return Entry(
        id=_entry_id(after.updated_at, after.id, f"{after.version:08d}"),
        tenant_id=after.tenant_id,
        track_id=after.id,
        track_type="schedule",
        owner=after.owner,
        at=after.updated_at,
        action=action,
        version=after.version,
        actor_id=after.changed_by,
        actor_kind=after.changed_by_kind,
        source=after.changed_source,
        request_id=after.changed_request,
        operation=after.changed_operation,
        previous_status=None,
        new_status=None,
        related_type=None,
        related_id=None,
        differences=[difference(name, old, new) for name, old, new in told if old != new],
    )


def _told(question: "Question") -> tuple[Difference, ...]:
    asked = difference("question", None, question.text)
    return (asked, difference("answer", None, question.answer)) if question.is_answered else (asked,)


def refused(
    track: Track, wanted: str, actor: Actor, request_id: str, at: str, error: SwitchyardError, error_status: int
) -> Entry:
    """Return the entry of a refused attempt to bring a track to a final status: what was wanted, and why it failed.

    `error_status` is the HTTP status that the error is answered with.
    """
    return Entry(
        **_refused(track.id, wanted, actor, request_id, at, error, error_status),
        track_type=track.type,
        owner=track.owner,
        previous_status=track.status,
        related_type=track.related_type,
        related_id=track.related_id,
        shard=track.shard,
    )


def refused_unread(
    track_id: str, wanted: str, actor: Actor, request_id: str, at: str, error: SwitchyardError, error_status: int
) -> Entry:
    """Return the entry of an attempt to bring a track to a final status that was refused before the track was read."""
    return Entry(
        **_refused(track_id, wanted, actor, request_id, at, error, error_status),
        track_type="goal" if wanted == "completed" else "task",
        owner=None,
        previous_status=None,
        related_type=None,
        related_id=None,
        unread=True,
    )


def _applied(after: Track | Run) -> dict[str, Any]:
    """Return the fields that the entry of a track or a run takes from the version that a change made."""
    return {**_acted(after), "owner": after.owner, "version": after.version, "new_status": after.status}


def _acted(after: "Track | Run | Comment") -> dict[str, Any]:
    """Return what every entry of a change says of it: when it was made, by whom and how."""
    return {
        "id": _entry_id(after.updated_at, after.id, f"{after.version:08d}"),
        "tenant_id": after.tenant_id,
        "at": after.updated_at,
        "actor_id": after.changed_by,
        "actor_kind": after.changed_by_kind,
        "source": after.changed_source,
        "request_id": after.changed_request,
        "operation": after.changed_operation,
    }


def _refused(
    track_id: str, wanted: str, actor: Actor, request_id: str, at: str, error: SwitchyardError, error_status: int
) -> dict[str, Any]:
    """Return the fields that every entry of a refused attempt has."""
    return {
        "id": _entry_id(at, track_id, f"refused-{request_id}"),
        "tenant_id": actor.tenant_id,
        "track_id": track_id,
        "at": at,
        "action": "completed" if lifecycle.is_done(wanted) else "status_changed",
        "outcome": "refused",
        "actor_id": actor.id,
        "actor_kind": actor.kind,
        "source": actor.source,
        "request_id": request_id,
        "operation": actor.operation,
        "new_status": wanted,
        "error_code": error.code,
        "error_status": error_status,
    }


def _entry_id(at: str, track_id: str, act: str) -> str:
    return f"{at}#{track_id}#{act}"


def public_id(entry: Entry) -> str:
    """Return the name under which clients know an entry: stable, and free of what the table's keys look like."""
    return "aud_" + hashlib.sha256(f"{entry.tenant_id}#{entry.id}".encode()).hexdigest()[:32]
