"""What the audit surface takes and answers."""

from typing import Annotated, Any, Literal

from switchyard.http.models import Field, Query
from switchyard.surfaces.inputs import ABSENT, Cursor, Limit, NonEmptyName, TrackId
from switchyard.surfaces.outputs import CamelShown
from switchyard.surfaces.planning.models import DescribedMoment

#: The shortest moment.
_A_DAY = {"minLength": 10}


class ListEntries(Query):
    """Filters of the trail, joined by AND; both ends of the time range belong to it, a day to its end."""

    track: TrackId = ABSENT
    actor: NonEmptyName = ABSENT
    request_id: Annotated[NonEmptyName, Field(alias="requestId")] = ABSENT
    from_: Annotated[DescribedMoment, Field(alias="from", json_schema_extra=_A_DAY)] = ABSENT
    to: Annotated[DescribedMoment, Field(json_schema_extra=_A_DAY)] = ABSENT
    limit: Limit = 50
    cursor: Cursor = ABSENT


class ActorShown(CamelShown):
    id: str
    kind: Literal["user", "agent"]
    source: Literal["api", "mcp", "admin", "workflow"]


class TrackNamed(CamelShown):
    id: str
    type: Literal["task", "goal"]


class ResourceNamed(CamelShown):
    type: str
    id: str


class Refused(CamelShown):
    code: str
    status: int


class ChangedField(CamelShown):
    field: str
    before: Any
    after: Any
    cut: bool


class EntryShown(CamelShown):
    id: str
    at: str
    action: Literal[
        "created",
        "updated",
        "status_changed",
        "completed",
        "deleted",
        "run_status_changed",
        "run_asked",
        "run_answered",
    ]
    outcome: Literal["applied", "refused"]
    error: Refused | None
    actor: ActorShown
    operation: str | None
    track: TrackNamed
    version: int | None
    previous_status: str | None
    new_status: str | None
    related_resource: ResourceNamed | None
    changes: list[ChangedField]
    overruled: list[str]
    request_id: str


class EntryPage(CamelShown):
    items: list[EntryShown]
    next_cursor: str | None
