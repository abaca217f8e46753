"""Wire models of the bulk apply (contract: planning.md §3.1)."""

from typing import Annotated, Any

from switchyard.domain.tracks import DEPENDS_MAX
from switchyard.http.models import Field, to_camel
from switchyard.http.validation import Expectation
from switchyard.surfaces.inputs import ABSENT, CamelBody, Distinct, Name, NonEmptyName, Title, TrackId
from switchyard.surfaces.planning.models import Common, GoalFields, Past, Scope, TaskFields, refuse_both

DRAFTS_MAX = 100


class DraftTask(TaskFields):
    """A draft's references may be labels of other drafts."""

    parent_id: Name = ""  #: UUID, external id or draft's label of the task that it is a part of.
    #: UUIDs, external ids or drafts' labels of the tasks that must be done first; 50 at most.
    depends_on: Annotated[list[NonEmptyName], Field(max_length=DEPENDS_MAX), Distinct] = []
    goal_id: Name = ""  #: UUID, external id or draft's label of the goal that it works towards.


class DraftGoal(GoalFields):
    """Likewise."""

    parent_id: Name = ""  #: UUID, external id or draft's label of the goal that it is a part of.
    #: UUIDs, external ids or drafts' labels of the goals that come before it.
    depends_on: Annotated[list[NonEmptyName], Field(max_length=DEPENDS_MAX), Distinct] = []


class Draft(Common, Past):
    """A UUID as id changes that track; any other id is a label for a new one, which `externalId` is without an id.

    A label whose `externalId` a track has already changes that track.
    """

    model_config = {"json_schema_extra": {"anyOf": [{"required": ["id"]}, {"required": ["externalId"]}]}}

    id: NonEmptyName = ABSENT  #: UUID of the track to change; any other text is a label for a new one.
    title: Title = ABSENT  #: What is to be done, in one line; a new track needs one.
    task: DraftTask = ABSENT  #: The fields that only a task has; makes a new track a task.
    goal: DraftGoal = ABSENT  #: The fields that only a goal has; makes a new track a goal.

    def model_post_init(self, _context: Any) -> None:
        refuse_both(self.task, self.goal)

    @property
    def label(self) -> str:
        """What the request calls the draft."""
        return self.id or self.external_id or ""

    @property
    def own(self) -> DraftTask | DraftGoal | None:
        """The fields of the draft's type."""
        return self.task or self.goal


class DeleteDraft(CamelBody):
    """The track to delete: its UUID, alone or as `{"id": …}`."""

    model_config = {"json_schema_extra": lambda schema: _or_alone(schema)}

    id: TrackId  #: UUID of the track to delete.

    @classmethod
    def model_before(cls, given: Any) -> Any:
        """Take an id alone for the object with it."""
        return {"id": given} if isinstance(given, str) else given


def _or_alone(schema: dict[str, Any]) -> None:
    described = {name: schema.pop(name) for name in ("properties", "required", "additionalProperties", "type")}
    schema["anyOf"] = [described["properties"]["id"], described]


class ApplyTracks(CamelBody):
    """`upserts` and `deletes` are the contract's later names of the same lists."""

    scope: Scope  #: Who can see the new tracks; those that exist keep theirs.
    update_drafts: list[Draft] = []  #: Tracks to create or to change; 100 drafts and deletes together at most.
    upserts: list[Draft] = []  #: Another name of `updateDrafts`; one of the two.
    delete_drafts: list[DeleteDraft] = []  #: Tracks to delete.
    deletes: list[DeleteDraft] = []  #: Another name of `deleteDrafts`; one of the two.

    def model_post_init(self, _context: Any) -> None:
        for older, newer in (("update_drafts", "upserts"), ("delete_drafts", "deletes")):
            if getattr(self, older) and getattr(self, newer):
                names = f"{to_camel(older)} and {newer}"
                raise Expectation(f"has both {names}", "one of the two: they mean the same", "conflict")
        count = len(self.drafts) + len(self.deleted)
        if not 1 <= count <= DRAFTS_MAX:
            raise Expectation(f"has {count} drafts", f"1 to {DRAFTS_MAX} in one request", "too_many")

    @property
    def drafts(self) -> list[Draft]:
        return self.update_drafts or self.upserts

    @property
    def drafts_field(self) -> str:
        """The name under which the client sent the drafts."""
        return "upserts" if self.upserts else "updateDrafts"

    @property
    def deleted(self) -> list[str]:
        return [each.id for each in self.delete_drafts or self.deletes]

    @property
    def deletes_field(self) -> str:
        return "deletes" if self.deletes else "deleteDrafts"
