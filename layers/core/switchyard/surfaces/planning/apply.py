"""Bulk apply: many drafts, one transaction (contract: planning.md §3.1).

A draft's id is a label for a new track or the UUID of an existing one; labels stand for the new tracks' ids in
parentId, dependsOn and goalId of any draft of the request, before or after the one they name.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from switchyard.domain import lifecycle
from switchyard.domain.errors import FieldError, Invalid, UnknownReference
from switchyard.domain.ids import named_id, new_id, parse_id
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.ledger import tracks as track_verbs
from switchyard.surfaces.planning import changes, fields
from switchyard.surfaces.planning.changes import NEW, as_shown
from switchyard.surfaces.planning.models import DRAFTS_MAX, Draft, DraftTask, Scope

#: Tracks outside the request that its drafts may name, so that reading them takes at most two round trips.
NAMED_MAX = 200


#: Unknown references that one error names.
ERRORS_MAX = 100


class Drafts(Protocol):
    """A body with drafts (ApplyTracks, and the MCP server's own); the fields are named as the client named them."""

    @property
    def scope(self) -> Scope | None: ...
    @property
    def drafts(self) -> list[Draft]: ...
    @property
    def drafts_field(self) -> str: ...
    @property
    def deleted(self) -> list[str]: ...
    @property
    def deletes_field(self) -> str: ...


def apply(call: Call[Drafts]) -> Reply:
    """Apply the drafts of a body, all or none."""
    body = call.body
    plan = _Plan(body)
    call.unit.prefetch(plan.named, guard=plan.may_close_cycles)
    plan.refuse_unknown(call, body)
    results = [_delete(call, body, position) for position in range(len(body.deleted))]
    outcomes = {position: _upsert(call, body, plan, position) for position in _order(call, body, plan)}
    results = [outcomes[position] for position in range(len(body.drafts))] + results
    return Reply(200, {"results": results})


def shown(call: Call[Any]) -> dict[str, Any]:
    """Return what the tracks of the drafts show, in the body's order: 1 round trip per 100 drafts."""
    return {name: [_shown(call, each) for each in _some(call.body, name)] for name in ("updateDrafts", "upserts")}


def wanted(body: Mapping[str, Any]) -> str | None:
    """Return the status to store that the first draft means which brings a track to its end; None when none does."""
    return changes.wanted(_first_end(body))


def about(body: Mapping[str, Any]) -> object:
    """Return the id of that draft, as it was sent."""
    return _first_end(body).get("id")


def _first_end(body: Mapping[str, Any]) -> Mapping[str, Any]:
    for draft in (each for name in ("updateDrafts", "upserts", "drafts") for each in _some(body, name)):
        given = draft.get("id") if isinstance(draft, dict) else None
        if isinstance(given, str) and named_id(given) and changes.wanted(draft) in lifecycle.FINAL:
            return dict(draft)
    return {}


def _some(body: Any, name: str) -> list[Any]:
    given = body.get(name) if isinstance(body, dict) else None
    return given[:DRAFTS_MAX] if isinstance(given, list) else []


def _shown(call: AnyCall, draft: Any) -> dict[str, Any]:
    given = draft.get("id") if isinstance(draft, dict) else None
    known = named_id(given) if isinstance(given, str) else None
    track = call.unit.find([known]).get(known) if known else None
    return as_shown(track) if track else NEW


class _Plan:
    """Which draft belongs to which id, and which tracks must be read."""

    def __init__(self, body: Drafts) -> None:
        self.field = body.drafts_field
        self.ids: dict[str, str] = {}
        self.existing: set[str] = set()
        for position, draft in enumerate(body.drafts):
            known = named_id(draft.id)
            name = known or draft.id
            if name in self.ids:
                raise Invalid(FieldError(f"{self.field}.{position}.id", "is used twice", "distinct ids", "duplicate"))
            self.ids[name] = known or new_id()
            if known:
                self.existing.add(known)
        for position, each in enumerate(body.deleted):
            if each in self.ids or each in body.deleted[:position]:
                where = f"{body.deletes_field}.{position}"
                raise Invalid(FieldError(where, "is used twice in the request", "distinct ids", "duplicate"))
        outside = {ref for draft in body.drafts for ref in self._outside(draft)}
        self.named = [*body.deleted, *self.existing, *(outside - self.existing)]
        if len(self.named) > NAMED_MAX:
            problem = f"names {len(self.named)} existing tracks"
            raise Invalid(FieldError(self.field, problem, f"at most {NAMED_MAX} in one request", "too_many"))
        self.may_close_cycles = any(
            named_id(draft.id) and draft.task and (draft.task.depends_on or draft.task.parent_id)
            for draft in body.drafts
        )

    def _outside(self, draft: Draft) -> Iterable[str]:
        given = [ref for ref, _ in _references(draft.task, "")]
        return [known for ref in given if ref not in self.ids and (known := parse_id(ref))]

    @property
    def names(self) -> dict[str, str]:
        """The labels of new tracks by the ids that they get."""
        return {track_id: name for name, track_id in self.ids.items() if track_id not in self.existing}

    def id_of(self, draft: Draft) -> str:
        """Return the id of the track that a draft creates or changes."""
        return self.ids[named_id(draft.id) or draft.id]

    def resolve(self, ref: str) -> str | None:
        """Return the id that a label, or an id in any form, belongs to."""
        return self.ids.get(ref) or parse_id(ref)

    def refuse_unknown(self, call: AnyCall, body: Drafts) -> None:
        """Raise UnknownReference for all drafts and references at once that belong to no track."""
        there = call.unit.find(self.named).keys() | (set(self.ids.values()) - self.existing)
        unknown = [
            _no_track(each, f"{body.deletes_field}.{position}")
            for position, each in enumerate(body.deleted)
            if each not in there
        ]
        for position, draft in enumerate(body.drafts):
            where = f"{self.field}.{position}"
            if self.id_of(draft) not in there:
                unknown.append(_no_track(draft.id, f"{where}.id"))
            for ref, path in _references(draft.task, f"{where}.task"):
                if self.resolve(ref) not in there:
                    unknown.append(_no_reference(ref, path))
        if unknown:
            raise UnknownReference(*unknown[:ERRORS_MAX])


def _order(call: AnyCall, body: Drafts, plan: _Plan) -> list[int]:
    """Return the drafts in the order in which they are gathered: as given, but what others need comes first.

    Tasks draw numbers from their goals, and one that begins or ends here needs what it depends on to be as it will be.
    """
    drafts = body.drafts
    positions = {plan.id_of(draft): position for position, draft in enumerate(drafts)}
    before = call.unit.find(plan.existing)
    order: dict[int, None] = {}
    passed: set[int] = set()

    def take(track_id: str) -> None:
        position = positions[track_id]
        if position in passed:
            return
        passed.add(position)
        task = drafts[position].task
        if task and task.status in ("in_progress", "done"):
            named = "depends_on" in task.model_fields_set
            refs = task.depends_on if named else before[track_id].depends_on if track_id in before else ()
            for ref in refs:
                needed = plan.resolve(ref)
                if needed in positions:
                    take(needed)
        order[position] = None

    for track_id in sorted(positions, key=lambda each: drafts[positions[each]].goal is None):
        take(track_id)
    return list(order)


def _delete(call: AnyCall, body: Drafts, position: int) -> dict[str, Any]:
    track_id = body.deleted[position]
    before = _existing(call, track_id, f"{body.deletes_field}.{position}")
    track_verbs.delete(call.unit, before)
    return {"draftId": track_id, "id": track_id, "type": before.type, "outcome": "deleted"}


def _upsert(call: AnyCall, body: Drafts, plan: _Plan, position: int) -> dict[str, Any]:
    draft, where = body.drafts[position], f"{plan.field}.{position}"
    known = named_id(draft.id)
    given = fields.common(draft)
    if known is None:
        track = _create(call, body, draft, plan, given, where)
        outcome = "created"
    else:
        before = _existing(call, known, f"{where}.id")
        fields.check_type(before, draft, f"{where}.")
        own = fields.task(draft.task, before) | fields.goal(draft.goal, call.actor, before)
        resolved = _resolved(own, plan)
        track = track_verbs.change(call.unit, before, fields.paths(f"{where}.", plan.names), **given, **resolved)
        outcome = "unchanged" if track is before else "updated"
    return {
        "draftId": draft.id,
        "id": track.id,
        "type": track.type,
        "outcome": outcome,
        "version": track.version,
    }


def _create(call: AnyCall, body: Drafts, draft: Draft, plan: _Plan, given: dict[str, Any], where: str) -> Track:
    if "title" not in given:
        raise Invalid(FieldError(f"{where}.title", "is required for a new track", "a title", "required"))
    if draft.task is None and draft.goal is None:
        problem = "has neither task nor goal, so that its type is unknown"
        raise Invalid(FieldError(where, problem, "a task object or a goal object, {} will do", "required"))
    own = fields.task(draft.task) | fields.goal(draft.goal, call.actor)
    return track_verbs.create(
        call.unit,
        "task" if draft.task is not None else "goal",
        given.pop("title"),
        fields.paths(f"{where}.", plan.names),
        id=plan.ids[draft.id],
        **given,
        **fields.scope(body.scope, call.actor),
        **_resolved(own, plan),
    )


def _references(task: DraftTask | None, where: str) -> list[tuple[str, str]]:
    """Return what a draft refers to, as it was sent, each with its path."""
    if task is None:
        return []
    found = [(ref, f"{where}.dependsOn.{place}") for place, ref in enumerate(task.depends_on)]
    alone = (("parentId", task.parent_id), ("goalId", task.goal_id))
    return found + [(ref, f"{where}.{name}") for name, ref in alone if ref]


def _resolved(own: Mapping[str, Any], plan: _Plan) -> dict[str, Any]:
    found = dict(own)
    for name in ("parent_id", "goal_id"):
        if found.get(name):
            found[name] = plan.resolve(found[name])
    if found.get("depends_on"):
        found["depends_on"] = tuple(dict.fromkeys(plan.resolve(ref) for ref in found["depends_on"]))
    return found


def _no_track(given: str, where: str) -> FieldError:
    expected = "the UUID of an existing track; a new one gets a label that is not a UUID"
    return FieldError(where, f"there is no track {given}", expected, "unknown_reference")


def _no_reference(ref: str, where: str) -> FieldError:
    problem = f"{ref[:80]!r} is neither the id of a track nor that of a draft in this request"
    return FieldError(where, problem, "a track's id or a draft's", "unknown_reference")


def _existing(call: AnyCall, track_id: str, where: str) -> Track:
    track = call.unit.find([track_id]).get(track_id)
    if track is None:
        raise UnknownReference(_no_track(track_id, where))
    return track
