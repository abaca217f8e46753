"""A change of a track, from a record of the table's stream: what it was, what it is, and what that amounts to."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from switchyard.domain import lifecycle
from switchyard.domain.structs import Struct
from switchyard.domain.tracks import Track

Action = Literal[
    "created",
    "updated",
    "status_changed",
    "completed",
    "deleted",
    "run_status_changed",
    "run_asked",
    "run_answered",
    "commented",
    "comment_edited",
    "comment_deleted",
]

#: Bytes of JSON that a shown value may have; a longer text is cut, a longer structure left out, and both are marked.
VALUE_MAX = 1_000

#: The fields that make a change: none that follows from others, that one surface keeps for itself, or says who did it.
_COMPARED = (
    "title",
    "external_id",
    "description",
    "status",
    "priority",
    "due",
    "assignee",
    "assignee_type",
    "parent_id",
    "depends_on",
    "goal_id",
    "progress",
    "owner",
    "project_ids",
    "related_type",
    "related_id",
    "labels",
    "metadata",
    "completed_note",
    "requires_approval",
    "repeat",
    "repeat_from",
    "remind",
    "holder",
)
_VISIBILITY = frozenset({"owner", "project_ids"})
_DEFAULTS = {name: Track.field_defaults.get(name) for name in Track.field_types if name in _COMPARED}


class Difference(Struct):
    """One field of a track before and after a change, as JSON values; `cut` when one of them is not shown whole."""

    field: str
    before: Any
    after: Any
    cut: bool = False


class Change(Struct):
    """One version of a track turned into the next; `before` is None for a new track."""

    before: Track | None
    after: Track

    @property
    def deleted(self) -> bool:
        return self.after.deleted_at is not None

    @property
    def status_changed(self) -> bool:
        return self.before is not None and self.before.status != self.after.status

    @property
    def lost_for_dependents(self) -> bool:
        """Return whether a task was cancelled or deleted before it was done: what depends on it now waits in vain."""
        before, after = self.before, self.after
        was_lost = before is not None and (before.status in lifecycle.FINAL or before.deleted_at is not None)
        lost = after.status == "cancelled" or (self.deleted and not lifecycle.is_done(after.status))
        return after.is_task and lost and not was_lost

    @property
    def completed(self) -> bool:
        """Return whether the track came to its successful end by this change."""
        was_done = self.before is not None and lifecycle.is_done(self.before.status)
        return lifecycle.is_done(self.after.status) and not was_done and not self.deleted

    @property
    def assigned(self) -> bool:
        """Return whether the track got someone to do it, who is another than before."""
        former = self.before.assignee if self.before else None
        return self.after.assignee not in (None, former) and not self.deleted

    @property
    def crosses_visibility(self) -> bool:
        """Return whether a shared track became personal, or a personal one shared."""
        return self.before is not None and self.before.owner != self.after.owner

    @property
    def action(self) -> Action:
        """Return the one word that says most about the change."""
        if self.deleted:
            return "deleted"
        if self.before is None:
            return "created"
        if self.completed:
            return "completed"
        return "status_changed" if self.status_changed else "updated"

    def differences(self) -> list[Difference]:
        """Return the fields that differ, bounded; for a new track those that are set.

        Where a change crosses the border between personal and shared, the values of other fields are left out:
        one side of it is not for those who may read the other.
        """
        found = []
        for name in _COMPARED:
            before = getattr(self.before, name) if self.before else _blank(name)
            after = getattr(self.after, name)
            if before != after:
                found.append(self._difference(name, before if self.before else None, after))
        return found

    def _difference(self, name: str, before: Any, after: Any) -> Difference:
        if self.crosses_visibility and name not in _VISIBILITY:
            return Difference(name, None, None, cut=True)
        return difference(name, before, after)

    def gained(self) -> list[tuple[str, str]]:
        """Return the references that are new, as (field, id); those of a deleted track count as given up."""
        return [each for each in references(self.after) if each not in references(self.before)]

    def lost(self) -> list[tuple[str, str]]:
        """Return the references that are gone, as (field, id)."""
        return [each for each in references(self.before) if each not in references(self.after)]


def references(track: Track | None) -> Sequence[tuple[str, str]]:
    """Return what a living track refers to, as (field of Track, id)."""
    if track is None or track.deleted_at:
        return []
    found = [("depends_on", each) for each in track.depends_on]
    found += [("parent_id", track.parent_id)] if track.parent_id else []
    return found + ([("goal_id", track.goal_id)] if track.goal_id else [])


def without(track: Track, target: Track) -> Mapping[str, Any]:
    """Return the fields that a track must change when the target was deleted; empty when there are none.

    It no longer refers to the target, but for a dependency on what was not done: that stays, and blocks it until a
    person resolves it.
    """
    target_id = target.id
    changed: dict[str, Any] = {}
    # A task that waits for what will never be done stays blocked; goals wait for nothing, they are put in an order.
    if target_id in track.depends_on and (lifecycle.is_done(target.status) or not target.is_task):
        changed["depends_on"] = tuple(each for each in track.depends_on if each != target_id)
    if track.parent_id == target_id:
        changed["parent_id"] = None
    if track.goal_id == target_id:
        changed |= {"goal_id": None, "number": None}
    return changed


def difference(name: str, before: Any, after: Any) -> Difference:
    """Return a field before and after a change, bounded."""
    (old, old_cut), (new, new_cut) = _shown(before), _shown(after)
    return Difference(name, old, new, old_cut or new_cut)


def _blank(name: str) -> Any:
    return {} if name == "metadata" else _DEFAULTS[name]


def _shown(value: Any) -> tuple[Any, bool]:
    """Return the value as JSON within VALUE_MAX bytes, and whether that took cutting."""
    if value is None or isinstance(value, int):
        return value, False
    if isinstance(value, str):
        short = value.encode()[:VALUE_MAX].decode(errors="ignore")
        return short, short != value
    plain = list(value) if isinstance(value, tuple) else dict(value)
    whole = len(json.dumps(plain, ensure_ascii=False).encode()) <= VALUE_MAX
    return (plain, False) if whole else (None, True)
