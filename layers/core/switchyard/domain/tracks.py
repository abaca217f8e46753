"""The track: a task or a goal, as every surface sees it."""

import json
from collections.abc import Mapping
from typing import Any

from switchyard.domain import clock, lifecycle
from switchyard.domain.actors import Actor
from switchyard.domain.errors import PreconditionFailed
from switchyard.domain.ids import new_id
from switchyard.domain.lifecycle import TrackType
from switchyard.domain.structs import Struct, replace

TITLE_MAX = 200
DESCRIPTION_MAX = 20_000
METADATA_MAX_BYTES = 32_768
DEPENDS_MAX = 50
PROJECTS_MAX = 10
ID_MAX = 128
#: What the ids of agents begin with, as far as their clients keep to it.
AGENT_PREFIX = "agent_"


class Track(Struct, kw_only=True):
    """One task or goal. Times are instants of domain.clock; `due` is a date or an instant; ids are UUIDs.

    `owner` is set on a personal track and names the one actor who sees it. `version` grows by one with each
    change. `number` is the task's place in its goal, `next_number` the one a goal gives out next (None: 1).
    `set_by_person` are those of a goal's `status` and `progress` that do not follow its tasks (domain.rollup).
    `tasks_total` and `tasks_done` count a goal's tasks less the cancelled ones; the pipeline keeps them, soon after.
    `open_dependencies` counts what a task still waits for: all it depends on, until the pipeline has looked.
    `holder`, `lease_until` (an instant) and `fence` are the latest claim, `lease_listed` by which end lists know it, if
    not by `lease_until` (domain.claims).
    `latest_run_id` and `latest_run_status` are the task's newest run (domain.runs), `run_count` how many it has had.
    `created_by_number` and `created_by_name` are the creator as it was then. `labels` are `key=value`.
    `external_id` is what another system calls the track: unique in the tenant, and set once (ledger.external_ids).
    `task_number` is the task's number in its project, `repository` what it is about, `stages` those its runs have had;
    `internal` and `archived` tasks are left out of lists. `idle_seconds` and `timeout_seconds` limit its runs (None: as
    domain.runs has them). `requires_approval` says what of the task a person must approve: the `start` of each of its
    runs, or its `completion` (None: nothing). `repeat` and `repeat_from` say when a next task follows it, once it
    is done (domain.repeats), `remind` how long before its due date somebody is told (domain.reminders). `overruled`
    are the prerequisites that were open when a person began or completed the task, if the latest change did that.
    `shard` says in which partition of the tenant's lists the track is, from its creation on (domain.actors.Shards).
    `ext` holds what a surface keeps for itself, by surface name.
    """

    tenant_id: str
    id: str
    type: TrackType
    title: str
    external_id: str | None = None
    description: str = ""
    status: str | None = None
    priority: str = lifecycle.USUAL_PRIORITY
    due: str | None = None
    assignee: str | None = None
    assignee_type: str | None = None
    parent_id: str | None = None
    depends_on: tuple[str, ...] = ()
    open_dependencies: int | None = None
    goal_id: str | None = None
    number: int | None = None
    progress: int | None = None
    set_by_person: tuple[str, ...] = ()
    next_number: int | None = None
    tasks_total: int | None = None
    tasks_done: int | None = None
    owner: str | None = None
    project_ids: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    related_type: str | None = None
    related_id: str | None = None
    metadata: Mapping[str, Any] = {}
    completed_at: str | None = None
    completed_note: str | None = None
    holder: str | None = None
    lease_until: str | None = None
    lease_listed: str | None = None
    fence: int | None = None
    latest_run_id: str | None = None
    latest_run_status: str | None = None
    run_count: int | None = None
    task_number: int | None = None
    origin_product: str = ""
    repository: str | None = None
    internal: bool = False
    archived: bool = False
    stages: tuple[str, ...] = ()
    idle_seconds: int | None = None
    timeout_seconds: int | None = None
    requires_approval: str | None = None
    repeat: str | None = None
    repeat_from: str | None = None
    remind: str | None = None
    ext: Mapping[str, Any] = {}
    version: int = 1
    created_by: str
    created_by_number: int | None = None
    created_by_name: str | None = None
    created_at: str
    updated_at: str
    deleted_at: str | None = None
    # Who made the latest change, and how: the stream turns this into the audit trail.
    changed_by: str
    changed_by_kind: str
    changed_source: str
    changed_request: str
    changed_operation: str | None = None
    last_agent: str | None = None
    overruled: tuple[str, ...] = ()
    shard: int = 0

    @property
    def is_task(self) -> bool:
        return self.type == "task"

    @property
    def is_agents(self) -> bool:
        """Return whether an agent is to do the task: its kind says so, or its id, whatever kind a surface shows."""
        return self.assignee is not None and (self.assignee_type == "agent" or is_agent_id(self.assignee))

    @property
    def has_active_run(self) -> bool:
        """Return whether the task's newest run waits for an agent or is with one."""
        return self.latest_run_status in ("queued", "in_progress")

    @property
    def computed_progress(self) -> int | None:
        """Return how many of a goal's tasks are done, in whole percent; None while it has none."""
        return 100 * (self.tasks_done or 0) // self.tasks_total if self.tasks_total else None

    @property
    def follows(self) -> list[str]:
        """Return the fields of a goal that its tasks move."""
        return [name for name in ("status", "progress") if name not in self.set_by_person]

    def visible_to(self, actor: Actor) -> bool:
        """Return whether the actor may know of this track."""
        return self.tenant_id == actor.tenant_id and not self.deleted_at and self.owner in (None, actor.id)

    def references(self) -> list[tuple[str, str]]:
        """Return the ids this track refers to, each with the field that names it."""
        refs = [(ref, "dependsOn") for ref in self.depends_on]
        if self.parent_id:
            refs.append((self.parent_id, "parentId"))
        if self.goal_id:
            refs.append((self.goal_id, "goalId"))
        return refs


def create(actor: Actor, request_id: str, kind: TrackType, title: str, **fields: Any) -> Track:
    """Return a new track of the actor's tenant; `fields` are those of Track."""
    now = clock.now()
    if kind == "goal":
        fields.setdefault("status", "not_started")
        fields.setdefault("progress", 0)
    track_id = fields.pop("id", None) or new_id()
    track = Track(
        tenant_id=actor.tenant_id,
        id=track_id,
        shard=actor.shards.of(track_id),
        type=kind,
        title=title,
        created_at=fields.pop("created_at", None) or now,
        created_by=actor.id,
        created_by_number=actor.number or None,
        created_by_name=actor.name or None,
        updated_at=now,
        **actor.stamp(request_id),
        last_agent=actor.id if actor.kind == "agent" else None,
        **fields,
    )
    return _derived(track, None)


def change(track: Track, actor: Actor, request_id: str, **fields: Any) -> Track:
    """Return the track with the fields changed: the next version, or the same object when nothing differs.

    A new assignee without a kind gets the kind of its id, not the former assignee's.
    """
    if "assignee" in fields and fields["assignee"] != track.assignee:
        fields.setdefault("assignee_type", None)
    if all(same(getattr(track, name), value) for name, value in fields.items()):
        return track
    after = replace(
        track,
        **{"overruled": (), **fields},
        version=track.version + 1,
        updated_at=max(clock.now(), track.updated_at),
        **actor.stamp(request_id),
        last_agent=actor.id if actor.kind == "agent" else track.last_agent,
    )
    return _derived(after, track)


def delete(track: Track, actor: Actor, request_id: str) -> Track:
    """Return the tombstone of the track: invisible at once, kept for the trail until its expiry."""
    return change(track, actor, request_id, deleted_at=clock.now())


def check_version(track: Track, expected: frozenset[str] | None) -> None:
    """Raise PreconditionFailed unless the track's ETag is among the expected ones (None: anything goes)."""
    if expected is not None and "*" not in expected and etag(track) not in expected:
        raise PreconditionFailed(
            f"The track is at version {track.version} now: read it again and send its ETag in If-Match."
        )


def etag(track: Track) -> str:
    """Return the strong entity tag of a track: its version in quotes (RFC 9110)."""
    return f'"{track.version}"'


def same(before: Any, after: Any) -> bool:
    """Compare as JSON does: in Python True, 1 and 1.0 are equal."""
    if isinstance(before, Mapping | list | tuple | bool) or isinstance(after, bool):
        return json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)
    return bool(before == after)


def is_shown_due(given: str | None, before: Track | None) -> bool:
    """Return whether a client of instants alone wrote back the due date that it was shown: a date as its midnight."""
    return before is not None and before.due is not None and given == clock.midnight(before.due)


def is_agent_id(actor_id: str) -> bool:
    """Return whether an id has the form of an agent's."""
    return actor_id.startswith(AGENT_PREFIX)


def _derived(after: Track, before: Track | None) -> Track:
    """Derive what follows from the fields: completed_at, the kind of assignee, what is waited for, the lease's end."""
    done = lifecycle.is_done(after.status)
    if done and after.completed_at is None:
        after = replace(after, completed_at=after.updated_at)
    elif not done and after.completed_at is not None:
        after = replace(after, completed_at=None)
    if after.assignee and after.assignee_type is None:
        after = replace(after, assignee_type="agent" if is_agent_id(after.assignee) else "user")
    if after.is_task and after.depends_on != (before.depends_on if before else ()):
        after = replace(after, open_dependencies=len(after.depends_on) or None)
    if after.holder and (after.status in lifecycle.FINAL or after.deleted_at):
        after = replace(after, holder=None, lease_until=None, lease_listed=None)
    return after
