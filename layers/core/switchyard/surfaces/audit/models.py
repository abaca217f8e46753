"""What the audit surface takes and answers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from switchyard.http.validation import Query
from switchyard.surfaces.planning.models import ABSENT, Moment, Name, Uuid


class ListEntries(Query):
    """Filters of the trail, joined by AND; both ends of the time range belong to it, a day to its end."""

    track: Uuid = ABSENT
    actor: Annotated[Name, Field(min_length=1)] = ABSENT
    from_: Annotated[Moment, Field(alias="from", min_length=10)] = ABSENT
    to: Annotated[Moment, Field(min_length=10)] = ABSENT
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=1_024)] = ABSENT


class Shown(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", defer_build=True)


class ActorShown(Shown):
    id: str
    kind: Literal["user", "agent"]
    source: Literal["api", "mcp", "admin", "workflow"]


class TrackNamed(Shown):
    id: str
    type: Literal["task", "goal"]


class ResourceNamed(Shown):
    type: str
    id: str


class Refused(Shown):
    code: str
    status: int


class ChangedField(Shown):
    field: str
    before: Any
    after: Any
    cut: bool


class EntryShown(Shown):
    id: str
    at: str
    action: Literal["created", "updated", "status_changed", "completed", "deleted", "run_status_changed"]
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
    request_id: str


class EntryPage(Shown):
    items: list[EntryShown]
    next_cursor: str | None
