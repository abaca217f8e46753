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

    parent_id: Name = ""
    depends_on: Annotated[list[NonEmptyName], Field(max_length=DEPENDS_MAX), Distinct] = []
    goal_id: Name = ""


class DraftGoal(GoalFields):
    """Likewise."""

    parent_id: Name = ""
    depends_on: Annotated[list[NonEmptyName], Field(max_length=DEPENDS_MAX), Distinct] = []


class Draft(Common, Past):
    """A UUID as id changes that track; any other id is a label for a new one, which `externalId` is without an id.

    A label whose `externalId` a track has already changes that track.
    """

    model_config = {"json_schema_extra": {"anyOf": [{"required": ["id"]}, {"required": ["externalId"]}]}}

    id: NonEmptyName = ABSENT
    title: Title = ABSENT
    task: DraftTask = ABSENT
    goal: DraftGoal = ABSENT

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

    id: TrackId

    @classmethod
    def model_before(cls, given: Any) -> Any:
        """Take an id alone for the object with it."""
        return {"id": given} if isinstance(given, str) else given


def _or_alone(schema: dict[str, Any]) -> None:
    described = {name: schema.pop(name) for name in ("properties", "required", "additionalProperties", "type")}
    schema["anyOf"] = [described["properties"]["id"], described]


class ApplyTracks(CamelBody):
    """`upserts` and `deletes` are the contract's later names of the same lists."""

    scope: Scope
    update_drafts: list[Draft] = []
    upserts: list[Draft] = []
    delete_drafts: list[DeleteDraft] = []
    deletes: list[DeleteDraft] = []

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
