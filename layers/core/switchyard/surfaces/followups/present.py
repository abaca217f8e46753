"""How the follow-ups surface shows a task (contract: followups.md §4.1)."""

from typing import Any, get_args

from switchyard.domain import clock
from switchyard.domain.ids import task_id
from switchyard.domain.tracks import Track, etag
from switchyard.http.call import AnyCall, Reply
from switchyard.http.operation import OWN
from switchyard.surfaces.followups import statuses
from switchyard.surfaces.followups.statuses import Resource, Source

#: Kinds of linked resources that this surface has a word for.
_RESOURCES = get_args(Resource)
#: Changes that the service itself makes come from its side, as an operator's do.
_SOURCES: dict[str, Source] = {"api": "api", "mcp": "mcp", "admin": "admin", "workflow": "admin", "schedule": "admin"}

#: What a new task shows beside what its body says: it is open, and null where it is empty.
NEW = {
    **dict.fromkeys(("id", "tenant_id", "source", "last_agent_actor_id", "created_at", "updated_at"), OWN),
    **dict.fromkeys(("due_at", "assignee_id", "related_resource_type", "related_resource_id")),
    **dict.fromkeys(("completed_note", "completed_at")),
    "status": "open",
}


def task(track: Track) -> dict[str, Any]:
    """Return a task as every answer carries it. A resource of a kind that the contract does not have is not shown."""
    linked = track.related_type in _RESOURCES
    return {
        "id": task_id(track.id),
        "tenant_id": track.tenant_id,
        "title": track.title,
        "description": track.description,
        "status": statuses.word(track.status),
        "due_at": clock.midnight(track.due) if track.due else None,
        "assignee_id": track.assignee,
        "related_resource_type": track.related_type if linked else None,
        "related_resource_id": track.related_id if linked else None,
        "completed_note": track.completed_note,
        "completed_at": track.completed_at,
        "source": _SOURCES[track.changed_source],
        "last_agent_actor_id": track.last_agent,
        "created_at": track.created_at,
        "updated_at": track.updated_at,
    }


def one(call: AnyCall, track: Track, status: int = 200) -> Reply:
    """Answer with one task."""
    headers = {"etag": etag(track)}
    if status == 201:
        headers["location"] = f"/v1/tasks/{task_id(track.id)}"
    return Reply(status, {"data": task(track), "request_id": call.request.id}, headers)


def as_shown(track: Track) -> dict[str, Any]:
    """Return what a task shows, also as a whole answer has it."""
    return {**task(track), "data": task(track), "request_id": OWN}


def many(call: AnyCall, tracks: list[Track], cursor: str | None) -> Reply:
    """Answer with a page of tasks; `next_cursor` is left out at the end of the list."""
    following = {"next_cursor": cursor} if cursor else {}
    return Reply(200, {"data": [task(each) for each in tracks], **following, "request_id": call.request.id})
