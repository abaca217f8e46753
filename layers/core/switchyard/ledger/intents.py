"""What a unit of work means to do to the rows of tracks, or needs of them; gathered first, written in one commit."""

from collections.abc import Mapping

from switchyard.domain.dependencies import FieldPaths
from switchyard.domain.errors import FieldError, UnknownReference
from switchyard.domain.lifecycle import TrackType
from switchyard.domain.structs import Struct, replace
from switchyard.domain.tracks import Track


class Create(Struct):
    """A new track. `paths` say where the request has the track's references, for errors about them."""

    after: Track
    paths: FieldPaths | None = None


class Update(Struct):
    """A track that was read becomes another version; a deleted one, its tombstone."""

    before: Track
    after: Track
    paths: FieldPaths | None = None


class Draw(Struct):
    """Tasks take so many numbers from a goal: it must live, and its counter must be what was read."""

    goal: Track
    count: int


class Require(Struct):
    """A track is referred to: it must be there, of the kind, and visible to all who see the tracks that refer to it.

    `seen_by` is their owner, None for shared ones; `field` is the path of the reference, for errors. `was_read` says
    that the track was found to be of the kind; `name` is the request's word for it, when it is not its id.
    """

    kind: TrackType
    seen_by: str | None
    field: str
    was_read: bool = False
    name: str = ""

    def joined(self, other: "Require", track_id: str) -> "Require":
        """Return what this and a later reference need together: what several owners refer to must be shared.

        Raises UnknownReference when they speak of different kinds.
        """
        if self.kind != other.kind:
            raise (self if other.was_read else other).refusal(track_id)
        return other if self.seen_by == other.seen_by else replace(other, seen_by=None)

    def fits(self, track: Track) -> bool:
        """Return whether the track is as it is needed."""
        return track.type == self.kind and not track.deleted_at and track.owner in (None, self.seen_by)

    @staticmethod
    def unmet(needs: Mapping[str, "Intent"]) -> UnknownReference | None:
        """Return one error for all references among the needs, by the tracks' ids; None where there are none."""
        errors = [each.refusal(track_id) for track_id, each in needs.items() if isinstance(each, Require)]
        return UnknownReference(*(field for error in errors for field in error.fields)) if errors else None

    def refusal(self, track_id: str) -> UnknownReference:
        """Return the error for a reference that leads nowhere the actor may go."""
        problem = f"{self.name or track_id} is not the id of a {self.kind} that this track can refer to"
        return UnknownReference(FieldError(self.field, problem, f"the id of a {self.kind}", "unknown_reference"))


class RequireDone(Struct):
    """A task that another one waits for must be done."""


Change = Create | Update
Intent = Change | Draw | Require | RequireDone
