"""The inbox: what happened that wants one person, an item for each person and event (docs/inbox.md)."""

from collections.abc import Iterable, Iterator
from typing import Literal

from switchyard.domain import clock, ids
from switchyard.domain.actors import SERVICE
from switchyard.domain.changes import Change
from switchyard.domain.comments import Comment
from switchyard.domain.questions import Question
from switchyard.domain.run_changes import RunChange
from switchyard.domain.structs import Struct
from switchyard.domain.tracks import Track, is_agent_id

Kind = Literal["assigned", "mentioned", "asked", "failed", "due"]


class Item(Struct, kw_only=True):
    """One item of a person's inbox. `by` is who did it; `at`, `read_at` and `mailed_at` are instants of domain.clock.

    What it is about: a track, and of that a run, its question, or a comment. Titles are read from the track.
    """

    tenant_id: str
    actor_id: str
    id: str
    kind: Kind
    track_id: str
    run_id: str | None = None
    question_id: str | None = None
    comment_id: str | None = None
    by: str
    at: str
    read_at: str | None = None
    mailed_at: str | None = None


def of_change(change: Change) -> Iterator[Item]:
    """Yield the items of a track's change: for a person to whom somebody else assigned it."""
    after = change.after
    if change.assigned and after.is_task and not after.is_agents:
        event = f"{after.id}#{after.version}"
        yield from _items("assigned", after, [after.assignee], event, after.changed_by, after.updated_at)


def of_run(change: RunChange, task: Track, question: Question | None) -> Iterator[Item]:
    """Yield the items of a run's change: for whom it asks, else the task's creator; for the creator when it fails."""
    run, event = change.after, f"{change.after.id}#{change.after.version}"
    if change.asked and question:
        more = {"run_id": run.id, "question_id": question.id}
        whom = question.to or task.created_by
        # Who starts a run that must be approved may be the one to approve it.
        told = question.approves is not None
        yield from _items("asked", task, [whom], event, question.asked_by, question.asked_at, told, **more)
    if change.status_changed and run.status == "failed":
        yield from _items("failed", task, [task.created_by], event, run.changed_by, run.updated_at, run_id=run.id)


def of_reminder(task: Track, at: str) -> Iterator[Item]:
    """Yield the item of a reminder at an instant: for the person who is to do a task, else for its creator."""
    whom = task.assignee if task.assignee and not task.is_agents else task.created_by
    yield from _items("due", task, [whom], f"{task.id}#{at}", SERVICE, at)


def of_comment(comment: Comment, track: Track) -> Iterator[Item]:
    """Yield the items of a new comment: for those whom it mentions."""
    mentions, by, at = comment.mentions, comment.created_by, comment.created_at
    yield from _items("mentioned", track, mentions, comment.id, by, at, comment_id=comment.id)


def _items(
    kind: Kind,
    track: Track,
    whom: Iterable[str | None],
    event: str,
    by: str,
    at: str,
    themselves: bool = False,
    **about: str,
) -> Iterator[Item]:
    for each in dict.fromkeys(whom):
        if each is None or (each == by and not themselves) or is_agent_id(each) or track.owner not in (None, each):
            continue
        item_id = ids.derived_id(clock.milliseconds(at), f"{track.tenant_id}#{event}#{kind}#{each}")
        yield Item(
            tenant_id=track.tenant_id, actor_id=each, id=item_id, kind=kind, track_id=track.id, by=by, at=at, **about
        )
