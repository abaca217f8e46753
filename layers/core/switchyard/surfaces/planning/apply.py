"""Bulk apply: many drafts, one transaction (contract: planning.md §3.1).

A draft's id is a label for a new track or the UUID of an existing one; labels stand for the new tracks' ids in
parentId, dependsOn and goalId of any draft of the request, before or after the one they name. An external id that a
track has makes its draft a change of that track, and may be named in the same places.
"""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import lifecycle
from switchyard.domain.errors import FieldError, Invalid, UnknownReference
from switchyard.domain.ids import named_id
from switchyard.domain.lifecycle import TrackType
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.ledger import external_ids
from switchyard.ledger import tracks as track_verbs
from switchyard.surfaces.planning import changes, fields
from switchyard.surfaces.planning.changes import NEW, as_shown
from switchyard.surfaces.planning.draft_models import DRAFTS_MAX, Draft
from switchyard.surfaces.planning.drafts import Drafts, Plan, no_track


def apply(call: Call[Drafts]) -> Reply:
    """Apply the drafts of a body, all or none."""
    body = call.body
    plan = Plan(body)
    rows = external_ids.row_keys(call.unit, plan.external) if plan.external else []
    rows += fields.scope_rows(body.scope, call.unit)
    call.unit.prefetch(plan.named, guard=plan.may_close_cycles, rows=rows)
    if plan.external:
        plan.take(external_ids.find(call.unit, plan.external))
    plan.refuse_unknown(call.unit.find(plan.named))
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


def _order(call: AnyCall, body: Drafts, plan: Plan) -> list[int]:
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


def _upsert(call: AnyCall, body: Drafts, plan: Plan, position: int) -> dict[str, Any]:
    draft, where = body.drafts[position], f"{plan.field}.{position}"
    known = plan.id_of(draft)
    given = fields.common(draft)
    if known not in plan.existing:
        track = _create(call, body, draft, plan, given, where)
        outcome = "created"
    else:
        before = _existing(call, known, f"{where}.id")
        fields.check_type(before, draft, f"{where}.")
        own = fields.task(draft.task, before) | fields.goal(draft.goal, call.actor, before)
        given |= plan.resolved(own) | fields.external(draft, before, f"{where}.")
        given |= fields.completed(draft, before, own.get("status", before.status), call.actor, f"{where}.")
        track = track_verbs.change(call.unit, before, fields.paths(before.type, f"{where}.", plan.names), **given)
        outcome = "unchanged" if track is before else "updated"
    return {
        "draftId": draft.label,
        "id": track.id,
        "type": track.type,
        "outcome": outcome,
        "version": track.version,
    }


def _create(call: AnyCall, body: Drafts, draft: Draft, plan: Plan, given: dict[str, Any], where: str) -> Track:
    if "title" not in given:
        raise Invalid(FieldError(f"{where}.title", "is required for a new track", "a title", "required"))
    if draft.task is None and draft.goal is None:
        problem = "has neither task nor goal, so that its type is unknown"
        raise Invalid(FieldError(where, problem, "a task object or a goal object, {} will do", "required"))
    own = fields.task(draft.task) | fields.goal(draft.goal, call.actor)
    given |= fields.past(draft, own.get("status"), call.actor, f"{where}.")
    kind: TrackType = "task" if draft.task is not None else "goal"
    return track_verbs.create(
        call.unit,
        kind,
        given.pop("title"),
        fields.paths(kind, f"{where}.", plan.names),
        **{**given, "id": plan.id_of(draft), "external_id": draft.external_id},
        **fields.scope(body.scope, call.unit),
        **plan.resolved(own),
    )


def _existing(call: AnyCall, track_id: str, where: str) -> Track:
    """Return a track that was read. Raises UnknownReference."""
    track = call.unit.find([track_id]).get(track_id)
    if track is None:
        raise UnknownReference(no_track(track_id, where))
    return track
