"""Tracks in the table: one row each, its index keys beside it, and the conditional writes that change it."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from switchyard.domain import claims, lifecycle
from switchyard.domain.actors import Actor
from switchyard.domain.ids import parse_id
from switchyard.domain.lifecycle import TrackType
from switchyard.domain.tracks import Track
from switchyard.store import keys
from switchyard.store.differences import difference
from switchyard.store.table import Item, Table

_TEXT = (
    "tenant_id",
    "id",
    "type",
    "title",
    "description",
    "status",
    "priority",
    "due",
    "assignee",
    "assignee_type",
    "parent_id",
    "goal_id",
    "owner",
    "related_type",
    "related_id",
    "completed_at",
    "completed_note",
    "created_by",
    "created_by_name",
    "created_at",
    "updated_at",
    "deleted_at",
    "changed_by",
    "changed_by_kind",
    "changed_source",
    "changed_request",
    "changed_operation",
    "last_agent",
    "holder",
    "lease_until",
    "latest_run_id",
    "latest_run_status",
)
_NUMBERS = (
    "version",
    "number",
    "next_number",
    "progress",
    "tasks_total",
    "tasks_done",
    "open_dependencies",
    "fence",
    "created_by_number",
    "run_count",
)
_LISTS = ("depends_on", "project_ids", "labels")
_MOVING = ("lease_until", "open_dependencies")
_JSON = ("metadata", "ext")

#: The lists of a project's tasks, by whether a task is internal and whether it is archived.
SHELVES = {
    (False, False): "open",
    (False, True): "archived",
    (True, False): "internal",
    (True, True): "internal-archived",
}

#: Characters of title and description that keyword search looks at.
SEARCHED_MAX = 4_000

#: Seconds that a deleted track's row stays, for the trail and for late consumers of the stream.
TOMBSTONE_SECONDS = 30 * 86_400


def to_item(track: Track) -> Item:
    """Return the row of a track: its fields, and the keys of every list it is in (none when deleted)."""
    pk, sk = keys.track(track.tenant_id, track.id)
    item: Item = {"pk": {"S": pk}, "sk": {"S": sk}}
    for name in _TEXT:
        value = getattr(track, name)
        if value is not None:
            item[name] = {"S": value}
    for name in _NUMBERS:
        value = getattr(track, name)
        if value is not None:
            item[name] = {"N": str(value)}
    for name in _LISTS:
        value = getattr(track, name)
        if value:
            item[name] = {"L": [{"S": text} for text in value]}
    for name in _JSON:
        value = getattr(track, name)
        if value:
            item[name] = {"S": json.dumps(value, ensure_ascii=False, separators=(",", ":"))}
    if track.deleted_at is None:
        item["text"] = {"S": f"{track.title}\n{track.description}"[:SEARCHED_MAX].casefold()}
        item |= {name: {"S": value} for name, value in _index_keys(track).items()}
        item |= _home_filters(track)
    else:
        item["expires_at"] = {"N": str(_tombstone_expiry(track.deleted_at))}
    return item


def from_item(item: Mapping[str, Any]) -> Track:
    """Return the track of a row (also of a stream image)."""
    fields: dict[str, Any] = {}
    for name in _TEXT:
        if name in item:
            fields[name] = item[name]["S"]
    for name in _NUMBERS:
        if name in item:
            fields[name] = int(item[name]["N"])
    for name in _LISTS:
        if name in item:
            fields[name] = tuple(element["S"] for element in item[name]["L"])
    for name in _JSON:
        if name in item:
            fields[name] = json.loads(item[name]["S"])
    return Track(**fields)


def is_live(item: Mapping[str, Any] | None) -> bool:
    """Tell whether a row is there and no tombstone."""
    return item is not None and "deleted_at" not in item


def _index_keys(track: Track) -> dict[str, str]:
    realm = keys.realm(track.tenant_id, track.owner)
    index = {
        "list": keys.listed(realm, track.type),
        "rank": f"{lifecycle.code(track.type, track.status)}#{track.id}",
        "updated": f"{track.updated_at}#{track.id}",
    }
    if track.due:
        index["due_rank"] = f"{lifecycle.code(track.type, track.status)}#{track.due}#{track.id}"
    if track.project_ids:
        project = track.project_ids[0] if len(track.project_ids) == 1 else "*"
        index["by_project"] = keys.by_project(realm, track.type, project)
    if track.parent_id:
        index["by_parent"] = keys.by_parent(realm, track.parent_id)
    if track.assignee:
        by_assignee = keys.by_assignee if track.is_task else keys.by_agent
        index["by_assignee"] = by_assignee(realm, track.assignee)
    if track.is_task:
        index["by_priority"] = keys.by_priority(realm, track.priority)
        if track.goal_id:
            index["by_goal"] = keys.by_goal(realm, track.goal_id)
            index["goal_rank"] = f"{track.number or 0:010d}"
        if track.depends_on:
            dependency = track.depends_on[0] if len(track.depends_on) == 1 else "*"
            index["by_dependency"] = keys.by_dependency(realm, dependency)
        if track.related_type and track.related_id:
            index["by_related"] = keys.by_related(realm, track.related_type, track.related_id)
        if home := home_of(track):
            index["home"] = home
    if claims.is_drawable(track):
        index |= _ready_keys(track, realm)
    return index


def home_of(track: Track) -> str | None:
    """Return the home of a task: the first of its projects, if that is one that can be registered, and the shelf there.

    Lists leave out archived and internal tasks unless they are asked for, so that these lie on shelves of their own.
    """
    if not track.is_task or not track.project_ids or parse_id(track.project_ids[0]) != track.project_ids[0]:
        return None
    kept = track.ext.get("projects", {})
    shelf = SHELVES[bool(kept.get("internal")), bool(kept.get("archived"))]
    return keys.home(keys.realm(track.tenant_id, track.owner), track.project_ids[0], shelf)


def _home_filters(track: Track) -> Item:
    """What the list of a project filters by, and only that surface knows; text in lower case."""
    kept = track.ext.get("projects", {})
    found: Item = {}
    if kept.get("origin_product"):
        found["origin_product"] = {"S": kept["origin_product"]}
    if kept.get("repository"):
        found["repository"] = {"S": kept["repository"]}
        found["repository_name"] = {"S": kept["repository"].rpartition("/")[2]}
    if kept.get("task_number") is not None:
        found["task_number"] = {"N": str(kept["task_number"])}
    if kept.get("stages"):
        found["stages"] = {"L": [{"S": stage} for stage in kept["stages"]]}
    return found


def _ready_keys(track: Track, realm: str) -> dict[str, str]:
    """A task that can be drawn lies in the order of priority and age; a leased one, in the order leases run out."""
    if track.lease_until:
        return {"ready": keys.leased(realm), "ready_rank": f"{track.lease_until}#{track.id}"}
    index = {"ready": keys.ready(realm, track.assignee, track.assignee_type), "ready_rank": ready_rank(track)}
    if track.project_ids:
        project = track.project_ids[0] if len(track.project_ids) == 1 else "*"
        index["ready_by_project"] = keys.ready(realm, track.assignee, track.assignee_type, project)
    return index


def ready_rank(track: Track) -> str:
    """Return what ready tasks are ordered by: priority, urgent first, then age."""
    return f"{lifecycle.PRIORITIES.index(track.priority)}#{track.id}"


def _tombstone_expiry(deleted_at: str) -> int:
    return int(datetime.fromisoformat(deleted_at).timestamp()) + TOMBSTONE_SECONDS


# ---------------------------------------------------------------- reads


def load(table: Table, actor: Actor, ids: Iterable[str]) -> dict[str, Track]:
    """Read the tracks that the actor may see, by id: 1 round trip (per 100)."""
    wanted = list(dict.fromkeys(ids))
    if len(wanted) == 1:
        item = table.get(*keys.track(actor.tenant_id, wanted[0]))
        rows = [item] if item else []
    else:
        rows = list(table.get_many([keys.track(actor.tenant_id, each) for each in wanted]).values())
    tracks = [from_item(row) for row in rows]
    return {track.id: track for track in tracks if track.visible_to(actor)}


# ---------------------------------------------------------------- writes


def put(track: Track) -> Item:
    """The action that creates a track: it must not be there yet."""
    return {"Put": {"Item": to_item(track), "ConditionExpression": "attribute_not_exists(pk)"}}


def update(before: Track, after: Track) -> Item:
    """The action that turns one version into the next: only what differs is written.

    Counters that other writers keep on the row stay untouched. What moves without a new version (a lease that is
    prolonged, dependencies that were looked at) must stand as it was read: index keys follow from it.
    """
    return difference(to_item(before), to_item(after), _MOVING)


def must_exist(tenant_id: str, track_id: str, kind: TrackType, seen_by: str | None) -> Item:
    """The check that a track is there, of the type, and visible to all who see the one that refers to it.

    `seen_by` is the owner of the referring track: None for a shared one, which may not refer to personal ones.
    """
    pk, sk = keys.track(tenant_id, track_id)
    visible = "attribute_not_exists(#owner)" + (" OR #owner = :owner" if seen_by else "")
    values = {":kind": {"S": kind}} | ({":owner": {"S": seen_by}} if seen_by else {})
    return {
        "ConditionCheck": {
            "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
            "ConditionExpression": f"#type = :kind AND attribute_not_exists(deleted_at) AND ({visible})",
            "ExpressionAttributeNames": {"#type": "type", "#owner": "owner"},
            "ExpressionAttributeValues": values,
        }
    }


def must_be_done(tenant_id: str, track_id: str) -> Item:
    """The check that a task which another one waits for is done."""
    pk, sk = keys.track(tenant_id, track_id)
    return {
        "ConditionCheck": {
            "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
            "ConditionExpression": "#status = :done AND attribute_not_exists(deleted_at)",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":done": {"S": "done"}},
        }
    }
