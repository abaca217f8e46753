"""From the planning surface's input to the fields of a track: absent keeps, an empty string clears."""

from collections.abc import Iterable, Mapping
from typing import Any

from switchyard.domain import clock, lifecycle, rollup
from switchyard.domain.actors import Actor
from switchyard.domain.dependencies import FieldPaths
from switchyard.domain.errors import FieldError, Invalid, MissingScope
from switchyard.domain.ids import id_at
from switchyard.domain.text import folded
from switchyard.domain.tracks import METADATA_MAX_BYTES, Track
from switchyard.http.validation import check_json_size
from switchyard.ledger.unit import RowKey, Unit
from switchyard.store import keys
from switchyard.surfaces.planning.models import GoalFields, Scope, TaskFields

#: The scope for what was before a track came here, and the earliest of that: ids cannot tell earlier times.
HISTORY, EPOCH = "tasks:history", "1970-01-01T00:00:00.000Z"

_TASK = {
    "status": "status",
    "assignee": "assignee",
    "assignee_type": "assignee_type",
    "parent_id": "parent_id",
    "goal_id": "goal_id",
    "requires_approval": "requires_approval",
    "repeat": "repeat",
    "repeat_from": "repeat_from",
    "remind": "remind",
}


def scope(given: Scope | None, unit: Unit, known: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return owner and projects of a scope; a personal track is the actor's, without a scope it is everyone's.

    Projects that the tenant does not have are noted in the unit, but for the `known` ones, which the track is in.
    Raises UnknownReference where the tenant refuses them.
    """
    if given is None:
        return {"owner": None, "project_ids": ()}
    if given.ids:
        _note_unknown(given.ids, unit, known)
    personal = given.type == "personal"
    return {"owner": unit.actor.id if personal else None, "project_ids": () if personal else tuple(given.ids)}


def scope_rows(given: Scope | None, unit: Unit) -> list[RowKey]:
    """Return the keys of the rows that `scope` will look at, so that they are read with others."""
    rows = _project_rows(given.ids, unit) if given and given.ids else {}
    return [key for pair in rows.values() for key in pair] + ([keys.tenant(unit.actor.tenant_id)] if rows else [])


def _project_rows(ids: Iterable[str], unit: Unit) -> dict[str, tuple[RowKey, RowKey]]:
    from switchyard.ledger import projects
    from switchyard.store import import_keys

    tenant = unit.actor.tenant_id
    return {
        each: (keys.project(tenant, each), import_keys.project_name(tenant, each)) for each in projects.new(tenant, ids)
    }


def _note_unknown(ids: list[str], unit: Unit, known: tuple[str, ...]) -> None:
    """Note in the unit the projects that are not there: 1 round trip, none for what was prefetched or is remembered."""
    from switchyard.ledger import projects

    tenant, asked = unit.actor.tenant_id, [each for each in ids if each not in known]
    rows = _project_rows(asked, unit)
    own = keys.tenant(tenant)
    if rows:
        unit.prefetch((), rows=[*(key for pair in rows.values() for key in pair), own])
    found = {each: (unit.row(project), unit.row(name)) for each, (project, name) in rows.items()}
    try:
        unit.unknown_projects |= projects.unknown(tenant, asked, found, unit.row(own) if rows else None)
    except projects.Unknown as refused:
        raise projects.refusal(unit.table, tenant, ids, refused.named) from None


def changed_scope(given: Scope, unit: Unit, before: Track) -> dict[str, Any]:
    """Return owner and projects of a change. Raises Invalid when it would take a shared track for oneself.

    Only its creator may make a shared track personal: anyone else would make it vanish for the rest.
    """
    if given.type == "personal" and before.owner is None and before.created_by != unit.actor.id:
        raise Invalid(FieldError("scope.type", "only the track's creator can make it personal", "projects"))
    return scope(given, unit, before.project_ids)


def common(given: Any) -> dict[str, Any]:
    """Return the fields that tasks and goals share, of those the client sent."""
    sent, fields = given.model_fields_set, {}
    if "title" in sent:
        fields["title"] = given.title
    if "description" in sent:
        fields["description"] = given.description
    if "priority" in sent:
        fields["priority"] = given.priority or "medium"
    if "related_resource" in sent:
        fields["related_type"] = given.related_resource.type or None
        fields["related_id"] = given.related_resource.id or None
    if "metadata" in sent:
        check_json_size(given.metadata, "metadata", METADATA_MAX_BYTES)
        fields["metadata"] = given.metadata
    return fields


def task(given: TaskFields | None, before: Track | None = None) -> dict[str, Any]:
    """Return the task's own fields, of those the client sent."""
    if given is None:
        return {}
    sent = given.model_fields_set
    fields: dict[str, Any] = {name: getattr(given, wire) or None for wire, name in _TASK.items() if wire in sent}
    if "depends_on" in sent:
        fields["depends_on"] = tuple(given.depends_on)
    if "due_date" in sent:
        fields |= _due(given.due_date, before)
    return fields


def goal(given: GoalFields | None, actor: Actor, before: Track | None = None) -> dict[str, Any]:
    """Return the goal's own fields, of those the client sent, and which of them follow its tasks from now on."""
    if given is None:
        return {}
    sent = given.model_fields_set
    fields: dict[str, Any] = {name: getattr(given, name) for name in ("status", "progress") if name in sent}
    if "parent_id" in sent:
        fields["parent_id"] = given.parent_id or None
    if "depends_on" in sent:
        fields["depends_on"] = tuple(given.depends_on)
    if "due_date" in sent:
        fields |= _due(given.due_date, before)
    return rollup.held(actor, before, fields)


def _due(day: str, before: Track | None) -> dict[str, Any]:
    """Keep an exact time that another surface set, when its day is written back as it was shown."""
    if before and before.due and day and before.due[:10] == day:
        return {}
    return {"due": day or None}


def external(given: Any, before: Track, prefix: str = "") -> dict[str, Any]:
    """Return the external id of a change, when the client sent one. Raises Invalid for another one than the track's."""
    sent: str | None = given.external_id
    if sent is None or (before.external_id is not None and folded(sent) == folded(before.external_id)):
        return {}
    if before.external_id is not None:
        problem = f"is set once, and is {before.external_id[:80]!r}"
        raise Invalid(FieldError(f"{prefix}externalId", problem, "the same, or none", "read_only"))
    return {"external_id": sent}


def past(given: Any, status: str | None, actor: Actor, prefix: str = "") -> dict[str, Any]:
    """Return when a new track was created and completed elsewhere, and the id that goes with it.

    Raises MissingScope, and Invalid for a time to come or an end that does not fit.
    """
    created, completed = given.created_at, given.completed_at
    if created is None and completed is None:
        return {}
    if not actor.may(HISTORY):
        raise MissingScope(HISTORY)
    now = clock.now()
    for name, value in (("createdAt", created), ("completedAt", completed)):
        if value is not None and not EPOCH <= value <= now:
            raise Invalid(FieldError(f"{prefix}{name}", "is not in the past", f"an instant from {EPOCH} until now"))
    if completed is not None and not lifecycle.is_done(status):
        problem = "is given for a track that is not done"
        raise Invalid(
            FieldError(f"{prefix}completedAt", problem, "the status done, or completed for a goal", "conflict")
        )
    if completed is not None and completed < (created or completed):
        raise Invalid(FieldError(f"{prefix}completedAt", "is before createdAt", "the same time, or a later one"))
    found = {"completed_at": completed} if completed else {}
    # Ids tell the order of creation, so that the track stands in lists where it belongs.
    return found | ({"created_at": created, "id": id_at(clock.milliseconds(created))} if created else {})


def completed(given: Any, before: Track, status: str | None, actor: Actor, prefix: str = "") -> dict[str, Any]:
    """Return when a track that exists came to its end elsewhere, where the change completes it.

    Its creation stays as it is known here. Raises as `past` does.
    """
    found = past(given, status, actor, prefix) if given.completed_at and not lifecycle.is_done(before.status) else {}
    return {name: value for name, value in found.items() if name == "completed_at"}


def paths(kind: str, prefix: str = "", names: Mapping[str, str] | None = None) -> FieldPaths:
    """Return where a body has the fields by which its track refers to others, and its names for new tracks."""
    return FieldPaths(f"{prefix}{kind}.", indexed=True, names=names or {})


def check_type(track: Track, given: Any, prefix: str = "") -> None:
    """Raise Invalid when the change speaks of the other type than the track's."""
    other = "goal" if track.is_task else "task"
    if getattr(given, other) is not None:
        field = f"{prefix}{other}"
        raise Invalid(FieldError(field, f"the track is a {track.type}", f"the object {track.type}", "conflict"))
