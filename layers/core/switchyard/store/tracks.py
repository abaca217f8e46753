"""Tracks in the table: one row each, its index keys beside it, and the conditional writes that change it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from switchyard.domain import claims, lifecycle
from switchyard.domain.actors import Actor
from switchyard.domain.ids import parse_id
from switchyard.domain.lifecycle import TrackType
from switchyard.domain.tracks import Track
from switchyard.store import keys
from switchyard.store.codec import Codec, expiry, row_key, to_json
from switchyard.store.packing import NUMBER_UNLESS_ZERO
from switchyard.store.table import Item, Table

#: The lists of a project's tasks, by whether a task is internal and whether it is archived.
SHELVES = {
    (False, False): "open",
    (False, True): "archived",
    (True, False): "internal",
    (True, True): "internal-archived",
}

#: Seconds that a deleted track's row stays, for the trail and for late consumers of the stream.
TOMBSTONE_SECONDS = 30 * 86_400


# ---------------------------------------------------------------- index keys


def _realm(track: Track) -> str:
    return keys.realm(track.tenant_id, track.owner)


def _one_of(ids: Sequence[str]) -> str | None:
    """What has several lies under `*`."""
    return ids[0] if len(ids) == 1 else "*" if ids else None


def home_of(track: Track) -> str | None:
    """Return the home of a task: the first of its projects, if that is one that can be registered, and the shelf there.

    Lists leave out archived and internal tasks unless they are asked for, so that these lie on shelves of their own.
    """
    if not track.is_task or not track.project_ids or parse_id(track.project_ids[0]) != track.project_ids[0]:
        return None
    return keys.home(_realm(track), track.project_ids[0], SHELVES[track.internal, track.archived])


def ready_rank(track: Track) -> str:
    """Return what ready tasks are ordered by: priority, urgent first, then age."""
    return f"{lifecycle.PRIORITIES.index(track.priority)}#{track.id}"


def _index_keys(track: Track) -> Mapping[str, str | None]:
    """Return the attributes that put a live track into indexes (None: it is not in there).

    An internal task is found on its shelf, and by its number in a goal that it was put into.
    """
    if track.deleted_at is not None:
        return {}
    realm, goal = _realm(track), track.goal_id if track.is_task else None
    found = {
        "home": home_of(track),
        "by_goal": keys.by_goal(realm, goal) if goal else None,
        "goal_rank": f"{track.number or 0:010d}" if goal else None,
    }
    if track.internal:
        return found
    # The realm of lists of all tracks: part of it, where the tenant's lists have shards.
    shard = keys.realm(track.tenant_id, track.owner, track.shard)
    code, project = lifecycle.code(track.type, track.status), _one_of(track.project_ids)
    found |= {
        "list": keys.listed(shard, track.type),
        "rank": f"{code}#{track.id}",
        "updated": f"{track.updated_at}#{track.id}",
        "due_rank": f"{code}#{track.due}#{track.id}" if track.due else None,
        "by_project": keys.by_project(realm, track.type, project) if project else None,
        "by_parent": keys.by_parent(realm, track.parent_id) if track.parent_id else None,
    }
    if not track.is_task:
        return found | {"by_assignee": keys.by_agent(realm, track.assignee) if track.assignee else None}
    return found | _task_keys(track, realm, shard, project)


def _task_keys(task: Track, realm: str, shard: str, project: str | None) -> dict[str, str | None]:
    dependency, kind, related = _one_of(task.depends_on), task.related_type, task.related_id
    return {
        "by_assignee": keys.by_assignee(realm, task.assignee) if task.assignee else None,
        # The usual priority has no list of its own: the list of all tasks, less the others, is one.
        "by_priority": keys.by_priority(shard, task.priority) if task.priority != lifecycle.USUAL_PRIORITY else None,
        "by_dependency": keys.by_dependency(realm, dependency) if dependency else None,
        "by_related": keys.by_related(realm, kind, related) if kind and related else None,
        **(_ready_keys(task, realm, shard, project) if claims.is_drawable(task) else {}),
    }


def _ready_keys(task: Track, realm: str, shard: str, project: str | None) -> dict[str, str | None]:
    """A task that can be drawn lies in the order of priority and age; a leased one, in the order leases run out."""
    if task.lease_until:
        return {"ready": keys.leased(shard), "ready_rank": f"{claims.listed_until(task)}#{task.id}"}
    whom = task.assignee, task.assignee_type
    return {
        "ready": keys.ready(realm if task.assignee else shard, *whom),
        "ready_rank": ready_rank(task),
        "ready_by_project": keys.ready(realm, *whom, project) if project else None,
    }


# ---------------------------------------------------------------- beside the fields

#: Fields that the row keeps within `ext`, under `projects`, among what that surface keeps there for itself.
_WITHIN_EXT = (
    "task_number",
    "origin_product",
    "repository",
    "internal",
    "idle_seconds",
    "timeout_seconds",
    "archived",
    "stages",
)
_UNSET = {name: Track.field_defaults[name] for name in _WITHIN_EXT}
#: All that is kept there, in the order of its text: a track that is read and written again has the same row.
_EXT_ORDER = (
    "task_number",
    "slug",
    "origin_product",
    "repository",
    "signal_report",
    "json_schema",
    "internal",
    "ci_prompt",
    "idle_seconds",
    "timeout_seconds",
    "archived",
    "archived_at",
    "title_manually_set",
    "stages",
)


def _beside(track: Track) -> Item:
    """Return `ext`, and what a live track is filtered by, or when a tombstone's time is over."""
    ext = _with_fields(track)
    item: Item = {"ext": {"S": to_json(ext)}} if ext else {}
    if track.deleted_at is not None:
        return item | {"expires_at": expiry(track.deleted_at, TOMBSTONE_SECONDS)}
    if track.origin_product:
        item["origin_product"] = {"S": track.origin_product}
    if track.repository:
        item["repository"] = {"S": track.repository}
        item["repository_name"] = {"S": track.repository.rpartition("/")[2]}
    if track.task_number is not None:
        item["task_number"] = {"N": str(track.task_number)}
    if track.stages:
        item["stages"] = {"L": [{"S": stage} for stage in track.stages]}
    return item


def _with_fields(track: Track) -> Mapping[str, Any]:
    values = vars(track)
    fields_within = {name: values[name] for name, unset in _UNSET.items() if values[name] != unset}
    if not fields_within and "projects" not in track.ext:
        return track.ext
    kept = {**track.ext.get("projects", {}), **fields_within}
    ordered = {name: kept[name] for name in _EXT_ORDER if name in kept}
    return {**track.ext, "projects": ordered | kept}


def _restore(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `ext`, and the fields that were kept within it."""
    if "ext" not in item:
        return {}
    ext = json.loads(item["ext"]["S"])
    kept = ext.get("projects", {})
    found = {name: kept.pop(name) for name in _WITHIN_EXT if name in kept}
    if found and not kept:
        del ext["projects"]
    if "stages" in found:
        found["stages"] = tuple(found["stages"])
    return {**found, "ext": ext}


ROWS = Codec(
    Track,
    lambda track: keys.track(track.tenant_id, track.id),
    columns={"shard": NUMBER_UNLESS_ZERO},
    index_keys=_index_keys,
    beside=_beside,
    apart=("ext", *_WITHIN_EXT),
    restore=_restore,
    moving=("lease_until", "open_dependencies"),
    packed=True,
)
to_item, from_item = ROWS.to_item, ROWS.from_item


def is_live(item: Mapping[str, Any] | None) -> bool:
    """Return whether a row is there and no tombstone."""
    return item is not None and "deleted_at" not in item


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


#: The actions that create a track, and that turn one version into the next. Only what differs is written: counters that
#: other writers keep on the row stay untouched. What changes without a new version (a lease that is extended,
#: dependencies that were looked at) must be as it was read.
put, update = ROWS.create, ROWS.update


def must_exist(tenant_id: str, track_id: str, kind: TrackType, seen_by: str | None) -> Item:
    """The check that a track is there, of the type, and visible to all who see the one that refers to it.

    `seen_by` is the owner of the referring track: None for a shared one, which may not refer to personal ones.
    """
    visible = "attribute_not_exists(#owner)" + (" OR #owner = :owner" if seen_by else "")
    values = {":kind": {"S": kind}} | ({":owner": {"S": seen_by}} if seen_by else {})
    return {
        "ConditionCheck": {
            "Key": row_key(keys.track(tenant_id, track_id)),
            "ConditionExpression": f"#type = :kind AND attribute_not_exists(deleted_at) AND ({visible})",
            "ExpressionAttributeNames": {"#type": "type", "#owner": "owner"},
            "ExpressionAttributeValues": values,
        }
    }


def must_belong_to(track: Track) -> Item:
    """The check that a track that was read is still shared, or personal to the same owner."""
    return {"ConditionCheck": {"Key": row_key(keys.track(track.tenant_id, track.id)), **ROWS.unchanged(track, "owner")}}


def must_be_done(tenant_id: str, track_id: str) -> Item:
    """The check that a task which another one waits for is done."""
    return {
        "ConditionCheck": {
            "Key": row_key(keys.track(tenant_id, track_id)),
            "ConditionExpression": "#status = :done AND attribute_not_exists(deleted_at)",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":done": {"S": "done"}},
        }
    }
