"""Create, find, list, cancel and continue objectives: goals that an agent works on."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from switchyard.domain import clock, lifecycle, tracks
from switchyard.domain.errors import FieldError, Invalid, NotFound, UnknownReference
from switchyard.domain.ids import new_id, parse_id
from switchyard.domain.tracks import METADATA_MAX_BYTES, TITLE_MAX, Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.validation import check_json_size
from switchyard.ledger import tracks as track_verbs
from switchyard.ledger.unit import RowKey
from switchyard.store import external_ids, filters, indexes, keys, lists, shards
from switchyard.store import tracks as track_rows
from switchyard.store.filters import Filter
from switchyard.store.lists import Range
from switchyard.surfaces.objectives import present
from switchyard.surfaces.objectives.models import ActOnObjective, CreateObjective, ListObjectives
from switchyard.surfaces.objectives.surface import AlreadyExists, WrongState

_EXTERNAL = "external_id:"
#: Messages that an objective remembers; the oldest go first.
MESSAGES_KEPT = 10


def check_workspace(call: AnyCall) -> None:
    """Raise NotFound unless the workspace in the path is the token's own."""
    given, own = call.path["workspaceId"], call.actor.tenant_id
    if given != own and (parse_id(given) or given) != parse_id(own):
        raise NotFound(f"There is no workspace {given[:80]!r} for this token.")


def rows_of_path(tenant_id: str, path: Mapping[str, str]) -> Sequence[RowKey]:
    """Return the keys of the objective, and of its task where the path has one: what is read first."""
    if parse_id(path["workspaceId"]) != tenant_id:
        return []
    # What is done to an objective stands behind its id: `obj_…:cancel`.
    found = parse_id(path["objectiveId"].partition(":")[0]), parse_id(path.get("id", ""))
    return [keys.track(tenant_id, each) for each in found if each]


def find(call: AnyCall, given: str) -> Track:
    """Read an objective by its id or by `external_id:<value>`; raises NotFound."""
    goal = _find(call, given)
    if goal is None:
        raise NotFound(f"There is no objective {given[:200]!r}.")
    return goal


def of_path(call: AnyCall) -> Track:
    """Read the objective that the path names; raises NotFound, also for a workspace that is not the token's."""
    check_workspace(call)
    return find(call, call.path["objectiveId"])


def _find(call: AnyCall, given: str) -> Track | None:
    if given.startswith(_EXTERNAL):
        row_key = external_ids.row_key(call.actor.tenant_id, given.removeprefix(_EXTERNAL).strip())
        found = external_ids.track_id(call.unit.row(row_key))
    else:
        found = parse_id(given)
    goal = call.unit.find([found]).get(found) if found else None
    return None if goal is None or goal.is_task else goal


def answer(goal: Track) -> Reply:
    """Answer with the whole objective; its version is the ETag."""
    return Reply(200, present.objective(goal), {"etag": tracks.etag(goal)})


def retrieve(call: Call) -> Reply:
    """Answer with the objective of the path."""
    return answer(of_path(call))


# ---------------------------------------------------------------- create


def create(call: Call[CreateObjective]) -> Reply:
    """Make the objective of a CreateObjective body: a goal that everyone in the workspace sees."""
    check_workspace(call)
    body = call.body
    kept = _kept(body)
    parent_id = _parent(call, body.parent_objective_id) if body.parent_objective_id else None
    _refuse_taken(call, body.metadata.external_id)
    goal = track_verbs.create(
        call.unit,
        "goal",
        _title(body),
        external_id=body.metadata.external_id,
        description=body.first_user_message,
        assignee=body.agent_id,
        assignee_type="agent",
        parent_id=parent_id,
        labels=tuple(f"{key}={value}" for key, value in sorted(body.metadata.labels.items())),
        ext={"objectives": kept},
    )
    return answer(goal)


def _kept(body: CreateObjective) -> dict[str, Any]:
    """Return what is kept uninterpreted, under the contract's names. Of secrets that is the names alone."""
    kept: dict[str, Any] = body.model_dump(
        exclude_unset=True,
        include={
            "system_prompt_data",
            "first_user_message_data",
            "variation_id",
            "memory_cascade",
            "episodic_memory",
            "tenant",
            "subject",
            "pinned_parameters",
        },
    )
    if body.secrets:
        kept["secrets"] = [secret.name for secret in body.secrets]
    if body.metadata.external_id is not None:
        kept["externalId"] = body.metadata.external_id
    check_json_size(kept, "body", METADATA_MAX_BYTES)
    return kept


def _title(body: CreateObjective) -> str:
    """Name the goal by the beginning of its first message, for the surfaces that show a title."""
    return " ".join(body.first_user_message.split())[:TITLE_MAX].strip() or f"Objective of {body.agent_id}"


def _parent(call: AnyCall, given: str) -> str:
    parent = _find(call, given)
    if parent is None or parent.owner:
        problem = f"there is no objective {given!r} that this one could belong to"
        expected = "the id of an objective that everyone in the workspace sees"
        raise UnknownReference(FieldError("parentObjectiveId", problem, expected, "unknown_reference"))
    return parent.id


def _refuse_taken(call: AnyCall, external_id: str | None) -> None:
    """Raise AlreadyExists when a live track has the external id."""
    if external_id is None:
        return
    row_key = external_ids.row_key(call.actor.tenant_id, external_id)
    holder = external_ids.track_id(call.unit.row(row_key))
    if holder and track_rows.is_live(call.unit.row(keys.track(call.actor.tenant_id, holder))):
        raise AlreadyExists(
            f"An objective with the external id {external_id!r} exists: use it, or another external id."
        )


# ---------------------------------------------------------------- list


def list_objectives(call: Call[None, ListObjectives]) -> Reply:
    """Answer a ListObjectives query, by creation time."""
    check_workspace(call)
    query = call.query
    statuses = present.STATUSES.get(query.state)
    parent = _parent_filter(call, query.parent_objective_id)
    if statuses == () or parent == "":
        return Reply(200, {"items": [], "pagination": {"nextCursor": ""}})
    sent = query.model_dump(exclude={"limit", "cursor", "include_info"}) | {"parent": parent}
    fingerprint = lists.fingerprint(call.actor.tenant_id, call.actor.id, "objectives", sent)
    page = lists.read_page(
        call.unit.table,
        _ranges(call, query, statuses, parent),
        limit=query.limit,
        after=lists.from_cursor(query.cursor or None, fingerprint),
        descending=query.sort_order == "desc",
        row_filter=_filter(query, parent),
    )
    items = [present.objective(track_rows.from_item(item), query.include_info) for item in page.rows]
    return Reply(200, {"items": items, "pagination": {"nextCursor": lists.to_cursor(page.position, fingerprint) or ""}})


def _parent_filter(call: AnyCall, given: str | None) -> str | None:
    """Return the parent's id, or an empty text when there is no such objective."""
    if given is None:
        return None
    parent = _find(call, given)
    return parent.id if parent else ""


def _ranges(call: AnyCall, query: ListObjectives, statuses: tuple[str, ...] | None, parent: str | None) -> list[Range]:
    """Choose the narrowest index, for what everyone sees and for the caller's personal goals."""
    codes = [lifecycle.code("goal", each) for each in statuses] if statuses else lifecycle.all_codes("goal")
    found = []
    for realm in (keys.realm(call.actor.tenant_id, owner) for owner in (None, call.actor.id)):
        if parent:
            index, partition = indexes.OF_PARENT, keys.by_parent(realm, parent)
        elif query.agent_id:
            index, partition = indexes.BY_ASSIGNEE, keys.by_agent(realm, query.agent_id)
        elif statuses:
            index, partition = indexes.LISTED_BY_RANK, keys.listed(realm, "goal")
        else:
            found.append(Range(indexes.LISTED_BY_ID, keys.listed(realm, "goal")))
            continue
        found += [Range(index, partition, f"{code}#") for code in codes]
    return shards.of_tracks(found, call.actor)


def _filter(query: ListObjectives, parent: str | None) -> Filter:
    wanted = Filter()
    if query.agent_id and parent:
        wanted.add(filters.any_of("assignee", [query.agent_id]))
    if query.profile_id:
        wanted.add(filters.any_of("created_by", [query.profile_id]))
    for label in query.labels.split(",") if query.labels else ():
        wanted.add(filters.contains_any("labels", [label]))
    return wanted


# ---------------------------------------------------------------- verbs


def act(call: Call[ActOnObjective]) -> Reply:
    """Do what the end of the path says: `obj_…:cancel` or `obj_…:continue`."""
    check_workspace(call)
    given, _, verb = call.path["objectiveId"].rpartition(":")
    action = _VERBS.get(verb)
    if action is None:
        raise NotFound(f"An objective has no action {verb[:40]!r}: the path ends in :cancel or :continue.")
    goal = find(call, given)
    tracks.check_version(goal, call.if_match)
    return action(call, goal)


def _cancel(call: Call[ActOnObjective], goal: Track) -> Reply:
    body = call.body
    _refuse_fields(body, "cancel", "message", "enqueue")
    if goal.status == "cancelled":
        return answer(goal)
    if goal.status == "completed":
        raise WrongState("The objective is finalized: there is nothing left to cancel.")
    kept = {**goal.ext.get("objectives", {}), "cancelReason": body.reason or ""}
    return answer(track_verbs.change(call.unit, goal, status="cancelled", ext={**goal.ext, "objectives": kept}))


def _continue(call: Call[ActOnObjective], goal: Track) -> Reply:
    """Set the objective running with a message; one that runs takes it only when `enqueue` is true."""
    body = call.body
    _refuse_fields(body, "continue", "reason")
    if body.message is None:
        raise Invalid(FieldError("message", "is required", "the message to continue with", "required"))
    if goal.status == "cancelled":
        raise WrongState("The objective is cancelled, which is final: create another one.")
    running = goal.status in present.STATUSES["STATE_RUNNING"]
    if running and not body.enqueue:
        raise WrongState("The objective is running: send enqueue true to leave it a message.")
    message = {
        "id": f"event_{new_id()}",
        "content": body.message,
        "createdAt": clock.now(),
        "profileId": call.actor.id,
    }
    kept = dict(goal.ext.get("objectives", {}))
    kept["messages"] = [*kept.get("messages", ()), message][-MESSAGES_KEPT:]
    status = goal.status if running else "on_track"
    after = track_verbs.change(call.unit, goal, status=status, ext={**goal.ext, "objectives": kept})
    return Reply(200, present.message_event(after, message), {"etag": tracks.etag(after)})


def _refuse_fields(body: ActOnObjective, verb: str, *names: str) -> None:
    for name in names:
        if name in body.model_fields_set:
            raise Invalid(FieldError(name, f"is not a field of :{verb}", "no such field", "unknown_field"))


_VERBS: dict[str, Callable[[Call[ActOnObjective], Track], Reply]] = {"cancel": _cancel, "continue": _continue}
