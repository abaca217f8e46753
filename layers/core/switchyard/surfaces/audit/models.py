"""What the audit surface takes and answers."""

from typing import Annotated, Any, Literal

from switchyard.domain.audit import Outcome
from switchyard.domain.changes import Action
from switchyard.http.models import Field, Query
from switchyard.surfaces.inputs import ABSENT, Cursor, Limit, NonEmptyName, TrackId
from switchyard.surfaces.outputs import CamelShown
from switchyard.surfaces.planning.models import DescribedDateOrInstant

#: A date, the shorter of the two forms.
_A_DAY = {"minLength": 10}


class ListEntries(Query):
    """Filters of the trail, joined by AND; both ends of the time range belong to it, a day to its end."""

    track: TrackId = ABSENT  #: Entries about this track alone, by its id in any surface's form.
    actor: NonEmptyName = ABSENT  #: Entries of what this actor did, by its id.
    #: Entries of one request, by its `X-Request-Id`.
    request_id: Annotated[NonEmptyName, Field(alias="requestId")] = ABSENT
    #: Entries since then: a date or a date-time, included.
    from_: Annotated[DescribedDateOrInstant, Field(alias="from", json_schema_extra=_A_DAY)] = ABSENT
    #: Entries until then: a date or a date-time, included; a day to its end (UTC).
    to: Annotated[DescribedDateOrInstant, Field(json_schema_extra=_A_DAY)] = ABSENT
    limit: Limit = 50
    cursor: Cursor = ABSENT


class ActorShown(CamelShown):
    id: str  #: Who did it.
    kind: Literal["user", "agent"]  #: Whether a person did it or an agent.
    #: How it came in: over HTTP, as a tool, from the operator's command line, or by a workflow of the service.
    source: Literal["api", "mcp", "admin", "workflow", "schedule"]


class TrackNamed(CamelShown):
    id: str  #: UUID of the track, or of the schedule.
    type: Literal["task", "goal", "schedule"]  #: Whether it is a task, a goal or a schedule.


class ResourceNamed(CamelShown):
    type: str  #: Its kind in the other system.
    id: str  #: Its id in the other system.


class Refused(CamelShown):
    code: str  #: Stable word for the refusal.
    status: int  #: HTTP status of the answer.


class ChangedField(CamelShown):
    field: str  #: The field's name, as planning spells it.
    before: Any  #: Its value before; null for none.
    after: Any  #: Its value since; null for none.
    cut: bool  #: Whether a value was too long for the trail and is shown in part.


class EntryShown(CamelShown):
    id: str  #: The entry's id, by which the trail is sorted.
    at: str  #: When it happened: an instant in UTC.
    action: Action  #: What was done, or attempted.
    outcome: Outcome  #: Whether it was done; attempts to complete or cancel that were refused are kept too.
    error: Refused | None  #: Why it was refused; null when it was done.
    actor: ActorShown  #: Who did it, and how.
    operation: str | None  #: The API's operation, such as `pool.update_task`; null for what the service did by itself.
    track: TrackNamed  #: What it was done to.
    version: int | None  #: The track's version since; null when it was refused.
    previous_status: str | None  #: The status before; null for none.
    new_status: str | None  #: The status since, or the one that was asked for.
    related_resource: ResourceNamed | None  #: The other system's resource that the track is about.
    changes: list[ChangedField]  #: The fields that changed, with both values.
    overruled: list[str]  #: Ids of open prerequisites that a person overruled.
    request_id: str  #: Names the request in logs and in the audit trail.


class EntryPage(CamelShown):
    items: list[EntryShown]  #: The page's entries, in the list's order.
    next_cursor: str | None  #: `cursor` of the next page; null at the end of the list.
