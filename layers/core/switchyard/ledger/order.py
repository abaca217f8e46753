"""The order that dependencies set: what a task waits for must be done before it begins, is completed or is run.

An agent is refused on every surface. A person may begin or complete a blocked task all the same, and answer and trail
say so. A run is an agent's work, so that a blocked task gets none, whoever asks for it.
"""

from switchyard.domain import dependencies
from switchyard.domain.errors import Blocked, Prerequisite
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.ledger.unit import Unit

#: Statuses that a blocked task must not be given.
_AHEAD = frozenset({"in_progress", "done"})


def require(unit: Unit, task: Track) -> None:
    """Raise Blocked unless all that the task depends on is done; the commit holds only while it is.

    1 round trip, none for a task that waits for nothing as the pipeline counted.
    """
    if not task.depends_on or unit.actor.source == "workflow":
        return
    waits = _waits_for(unit, task)
    if waits:
        raise Blocked(waits)


def checked(unit: Unit, before: Track | None, after: Track) -> Track:
    """Return the next version of a task as it is to be gathered, with what a person overruled (see `require`).

    Raises Blocked when an agent would begin or complete it too early.
    """
    begins = after.status in _AHEAD and (before is None or before.status != after.status)
    asked = _with_taken_away(before, after) if unit.actor.kind == "agent" else after
    if not (begins and after.is_task and asked.depends_on) or after.deleted_at or unit.actor.source == "workflow":
        return after
    waits = _waits_for(unit, asked)
    if not waits:
        return after
    if unit.actor.kind == "agent":
        raise Blocked(waits)
    named = tuple(each.id for each in waits)
    unit.overruled += [each for each in named if each not in unit.overruled]
    return replace(after, overruled=named)


def _with_taken_away(before: Track | None, after: Track) -> Track:
    """Return the task with the dependencies that the same change removes: removing them is no way around them."""
    gone = [each for each in before.depends_on if each not in after.depends_on] if before else []
    return replace(after, depends_on=(*after.depends_on, *gone), open_dependencies=None) if gone else after


def _waits_for(unit: Unit, task: Track) -> list[Prerequisite]:
    """Return what the task waits for; when that is nothing, the commit is Stale unless it stays so."""
    changed = [each for each in map(unit.pending, task.depends_on) if each]
    if task.open_dependencies != 0 or unit.attempt or changed:
        known = {**unit.find(task.depends_on), **{each.id: each for each in changed}}
        waits = dependencies.waits_for(task, known)
        if waits:
            return waits
    unit.require_done(task.depends_on)
    return []
