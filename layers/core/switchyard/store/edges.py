"""References seen from their other end, and what goals count of their tasks. Written by the pipeline alone.

Edges lie in the partition of the track that is referred to, so that they are complete whoever may see the
referring tracks, and read strongly consistent.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import batched
from typing import Literal

from switchyard.domain import clock, rollup
from switchyard.domain.errors import Busy
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.store import contention, keys, tracks
from switchyard.store.codec import NEW, THERE, row_key
from switchyard.store.table import ConditionFailed, Item, Table

#: What a task counts for in a goal: `left` and `cancelled` for nothing, `open` and `begun` in total, `done` in both.
Standing = Literal["left", "cancelled", "open", "begun", "done"]

#: Seconds that a task which left its goal is remembered there: longer than any record of it can be delivered late.
REMEMBER_SECONDS = 30 * 86_400

#: Tasks that are counted in one transaction: it has 100 actions at most, and the more it has, the more it meets others.
TOGETHER_MAX = 50

_COUNTS: dict[Standing, tuple[int, int]] = {
    "left": (0, 0),
    "cancelled": (0, 0),
    "open": (1, 0),
    "begun": (1, 0),
    "done": (1, 1),
}
_MERGED = ("ExpressionAttributeNames", "ExpressionAttributeValues")
_STANDINGS: dict[str | None, Standing] = {"cancelled": "cancelled", "in_progress": "begun", "done": "done"}
_EDGES: dict[str, Callable[[str, str, str], tuple[str, str]]] = {"depends_on": keys.blocks, "parent_id": keys.child}
_REFERRERS = {"task": (keys.BLOCKS, keys.CHILD), "goal": (keys.MEMBER, keys.BLOCKS, keys.CHILD)}


def put(table: Table, field: str, tenant_id: str, target_id: str, referrer_id: str) -> None:
    """Note that the referrer's field (depends_on or parent_id) names the target."""
    table.write([{"Put": {"Item": row_key(_EDGES[field](tenant_id, target_id, referrer_id))}}])


def put_all(table: Table, tenant_id: str, referrer_id: str, targets: Iterable[tuple[str, str]]) -> None:
    """Note that the referrer names all targets, each with its field: 1 round trip for 25 of them."""
    table.put_many([row_key(_EDGES[field](tenant_id, target, referrer_id)) for field, target in targets])


def drop(table: Table, field: str, tenant_id: str, target_id: str, referrer_id: str) -> None:
    """Note that it no longer names the target; it is not an error if it never did."""
    table.write([{"Delete": {"Key": row_key(_EDGES[field](tenant_id, target_id, referrer_id))}}])


def referrers(table: Table, target: Track) -> Iterator[list[str]]:
    """Return the ids of all tracks that refer to the target, a hundred or less at a time."""
    for prefix in _REFERRERS[target.type]:
        yield from other_ends(table, target.tenant_id, target.id, prefix)


def dependents(table: Table, task: Track) -> Iterator[list[str]]:
    """Return the ids of all tasks that depend on the task, a hundred or less at a time."""
    yield from other_ends(table, task.tenant_id, task.id, keys.BLOCKS)


def other_ends(table: Table, tenant_id: str, target_id: str, prefix: str) -> Iterator[list[str]]:
    """Return the ids at the other end of a track's edges of one kind, a hundred or less at a time."""
    pk, _ = keys.track(tenant_id, target_id)
    for rows in table.pages(
        KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
        ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
        ConsistentRead=True,
        Limit=100,
    ):
        yield [row["sk"]["S"].removeprefix(prefix) for row in rows]


def standing(track: Track | None, goal_id: str) -> Standing:
    """Return what a task counts for in a goal."""
    if track is None or track.deleted_at or track.goal_id != goal_id:
        return "left"
    return _STANDINGS.get(track.status, "open")


def count(table: Table, tenant_id: str, goal_id: str, tasks: Sequence[Track]) -> None:
    """Bring a goal's counts up to versions of its tasks, and move the goal by them (domain/rollup.py).

    A task's row in the goal says which version the counts hold, and both change in one transaction: a version
    that was counted, or an older one, changes nothing however often and in whatever order records come. One read and
    one transaction for TOGETHER_MAX tasks. Raises Busy.
    """
    for some in batched(latest(tasks), TOGETHER_MAX, strict=False):
        _count(table, keys.track(tenant_id, goal_id), {keys.member(tenant_id, goal_id, task.id): task for task in some})


def _count(table: Table, goal_key: tuple[str, str], members: Mapping[tuple[str, str], Track]) -> None:
    goal_id = goal_key[0].partition("#")[2]
    for _ in contention.a_few_times():
        found = table.get_many([goal_key, *members])
        new = {key: task for key, task in members.items() if not is_counted(found.get(key), task)}
        goal = found.get(goal_key)
        if not new or goal is None:
            return  # without the goal, its time is over: nobody asks for its counts
        remembered, total, done, begun = [], 0, 0, False
        for key, task in new.items():
            row, now = found.get(key), standing(task, goal_id)
            was: Standing = row["standing"]["S"] if row else "left"
            remembered.append(_remember(key, row, now, task.version))
            total += _COUNTS[now][0] - _COUNTS[was][0]
            done += _COUNTS[now][1] - _COUNTS[was][1]
            begun |= now in ("begun", "done")
        last = max(new.values(), key=lambda task: task.updated_at)
        counted = _counted(goal_key, tracks.from_item(goal), total, done, begun, last.changed_request)
        try:
            table.write([*remembered, *counted])
        except ConditionFailed:
            continue
        return
    raise Busy("A goal's counts kept changing.")


def latest(tasks: Sequence[Track]) -> list[Track]:
    """Return the highest version of each task."""
    found: dict[str, Track] = {}
    for task in tasks:
        if task.id not in found or found[task.id].version < task.version:
            found[task.id] = task
    return list(found.values())


def is_counted(row: Item | None, task: Track) -> bool:
    """Tell whether the row that remembers a task has this version of it, or a later one."""
    return row is not None and int(row["version"]["N"]) >= task.version


def _remember(key: tuple[str, str], row: Item | None, now: Standing, version: int) -> Item:
    """The action that notes what the task counts for, under the condition that nobody else did since it was read."""
    member: Item = {
        **row_key(key),
        "standing": {"S": now},
        "version": {"N": str(version)},
    }
    if now == "left":
        member["expires_at"] = {"N": str(clock.epoch() + REMEMBER_SECONDS)}
    put: Item = {"Item": member, **NEW}
    if row:
        put |= {"ConditionExpression": "version = :was", "ExpressionAttributeValues": {":was": row["version"]}}
    return {"Put": put}


def _counted(goal_key: tuple[str, str], goal: Track, total: int, done: int, begun: bool, request_id: str) -> list[Item]:
    """The action that adds to the counts of a goal, on condition that they are as they were read.

    Otherwise two tasks that are done at the same moment would not complete the goal. If the counts change the goal, the
    action writes its next version as well.
    """
    tasks_total, tasks_done = (goal.tasks_total or 0) + total, (goal.tasks_done or 0) + done
    after = rollup.moved(goal, tasks_total, tasks_done, begun, request_id)
    unchanged = tracks.ROWS.unchanged(goal, "tasks_total", "tasks_done")
    if after is not goal:
        action = tracks.update(goal, replace(after, tasks_total=tasks_total, tasks_done=tasks_done))["Update"]
    elif total or done:
        action = {
            "Key": row_key(goal_key),
            "UpdateExpression": "ADD #tasks_total :total, #tasks_done :done",
            **THERE,
            "ExpressionAttributeNames": {},
            "ExpressionAttributeValues": {":total": {"N": str(total)}, ":done": {"N": str(done)}},
        }
    else:
        return []
    merged = {name: {**action[name], **unchanged.get(name, {})} for name in _MERGED}
    condition = f"{action['ConditionExpression']} AND {unchanged['ConditionExpression']}"
    return [{"Update": {**action, **merged, "ConditionExpression": condition}}]
