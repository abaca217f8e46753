"""The dependency graph of a task or a goal."""

from typing import Any

from switchyard.domain import dependencies
from switchyard.domain.tracks import Track
from switchyard.http.call import Call, Reply
from switchyard.ledger.unit import Unit
from switchyard.store import indexes, keys, lists
from switchyard.store import tracks as track_rows
from switchyard.store.lists import Range

#: A graph shows at most so many tasks, and says when there were more.
NODES_MAX = 500
_PAGE = 100


def graph(call: Call) -> Reply:
    """Answer with the graph of the path's track: a goal's tasks, or a task and all it depends on."""
    track = call.unit.get(call.path_id())
    if track.is_task:
        found, truncated = _upstream(call.unit, track)
        return Reply(200, _shown(track, dependencies.graph(found, {}, truncated)))
    found, truncated = _goal_tasks(call.unit, track)
    outside = sorted({ref for each in found for ref in each.depends_on} - {each.id for each in found})
    waited_for = call.unit.find(outside[:NODES_MAX])
    return Reply(200, _shown(track, dependencies.graph(found, waited_for, truncated or len(outside) > NODES_MAX)))


def _goal_tasks(unit: Unit, goal: Track) -> tuple[list[Track], bool]:
    """Read the goal's tasks in the order of their numbers, shared ones and the caller's own."""
    actor, position = unit.actor, None
    found: list[Track] = []
    realms = [keys.realm(actor.tenant_id, owner) for owner in (None, actor.id)]
    ranges = [Range(indexes.BY_GOAL_NUMBER, keys.by_goal(realm, goal.id)) for realm in realms]
    while len(found) < NODES_MAX:
        page = lists.read_page(unit.table, ranges, limit=_PAGE, after=position, descending=False)
        found += [track_rows.from_item(item) for item in page.rows]
        position = page.position
        if position is None:
            break
    return found[:NODES_MAX], position is not None


def _upstream(unit: Unit, task: Track) -> tuple[list[Track], bool]:
    """Read the task and what it depends on, one round trip per level."""
    known = {task.id: task}
    frontier = list(task.depends_on)
    while frontier and len(known) < NODES_MAX:
        room = NODES_MAX - len(known)
        found = unit.find(frontier[:room])
        known |= found
        missing = [ref for track in found.values() for ref in track.depends_on if ref not in known]
        frontier = list(dict.fromkeys(frontier[room:] + missing))
    return list(known.values()), bool(frontier)


def _shown(track: Track, graph: dependencies.Graph) -> dict[str, Any]:
    return {
        "id": track.id,
        "type": track.type,
        "nodes": [
            {
                "id": node.id,
                "title": node.title,
                "status": node.status,
                "assignee": node.assignee,
                "priority": node.priority,
            }
            for node in graph.nodes
        ],
        "edges": [{"from": task, "dependsOn": other} for task, other in graph.edges],
        "ready": graph.ready,
        "blocked": graph.blocked,
        "stuck": graph.stuck,
        "criticalPathLength": graph.critical_path,
        "truncated": graph.truncated,
    }
