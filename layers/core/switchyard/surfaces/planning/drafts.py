"""Which draft of a bulk apply stands for which track: by its label, its id, or its external id."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

from switchyard.domain import clock
from switchyard.domain.errors import FieldError, Invalid, UnknownReference
from switchyard.domain.ids import id_at, named_id, new_id, parse_id
from switchyard.domain.text import folded
from switchyard.domain.tracks import Track
from switchyard.surfaces.planning.draft_models import Draft, DraftGoal, DraftTask
from switchyard.surfaces.planning.models import Scope

#: Tracks outside the request that its drafts may name, by ids and by external ids each, so that reading them takes at
#: most two round trips.
NAMED_MAX = 200
#: Unknown references that one error names.
ERRORS_MAX = 100


class Drafts(Protocol):
    """A body with drafts (ApplyTracks, and the MCP server's own); the fields are named as the client named them."""

    @property
    def scope(self) -> Scope | None: ...
    @property
    def drafts(self) -> list[Draft]: ...
    @property
    def drafts_field(self) -> str: ...
    @property
    def deleted(self) -> list[str]: ...
    @property
    def deletes_field(self) -> str: ...


class Plan:
    """Which draft stands for which id, and which tracks must be read."""

    def __init__(self, body: Drafts) -> None:
        self.field, self._body = body.drafts_field, body
        self.ids: dict[str, str] = {}
        #: The ids of tracks by their external ids, as these compare.
        self._by_external: dict[str, str] = {}
        self.existing: set[str] = set()
        for position, draft in enumerate(body.drafts):
            if not draft.label:
                where, expected = f"{self.field}.{position}.id", "a label, a UUID, or an externalId"
                raise Invalid(FieldError(where, "is missing, and externalId too", expected, "required"))
            name = named_id(draft.label) or draft.label
            external = folded(draft.external_id) if draft.external_id is not None else None
            if name in self.ids or external in self._by_external:
                raise self._twice(position, "id" if name in self.ids else "externalId")
            self.ids[name] = named_id(draft.label) or _fresh(draft)
            if external is not None:
                self._by_external[external] = self.ids[name]
            if named_id(draft.label):
                self.existing.add(name)
        outside = {known for ref in self._outside() if (known := parse_id(ref))}
        self.named = [*body.deleted, *self.existing, *(outside - self.existing)]
        self.external = self._external_names()
        for many, what in ((self.named, "existing tracks"), (self.external, "external ids")):
            if len(many) > NAMED_MAX:
                problem = f"names {len(many)} {what}"
                raise Invalid(FieldError(self.field, problem, f"at most {NAMED_MAX} in one request", "too_many"))
        self.may_close_cycles = any(
            (named_id(draft.label) or draft.external_id) and draft.own and (draft.own.depends_on or draft.own.parent_id)
            for draft in body.drafts
        )
        self._refuse_deleted()

    def take(self, found: Mapping[str, Track]) -> None:
        """Take labels for the tracks that have their external ids already."""
        taken = set(self.existing)
        for position, draft in enumerate(self._body.drafts):
            track = found.get(draft.external_id) if draft.external_id else None
            if track is None or named_id(draft.label):
                continue
            if track.id in taken:
                raise self._twice(position, "externalId")
            taken.add(track.id)
            self.ids[draft.label] = track.id
            self.existing.add(track.id)
        self.named += [track.id for track in found.values()]
        self._by_external |= {folded(name): track.id for name, track in found.items()}
        self._refuse_deleted()

    def _twice(self, position: int, field: str) -> Invalid:
        return Invalid(FieldError(f"{self.field}.{position}.{field}", "is used twice", "distinct ids", "duplicate"))

    def _refuse_deleted(self) -> None:
        deleted = self._body.deleted
        for position, each in enumerate(deleted):
            if each in self.existing or each in deleted[:position]:
                where = f"{self._body.deletes_field}.{position}"
                raise Invalid(FieldError(where, "is used twice in the request", "distinct ids", "duplicate"))

    def _outside(self) -> list[str]:
        """Return the references that are no draft's label."""
        drafts = self._body.drafts
        given = dict.fromkeys(ref for draft in drafts for ref, _ in references(draft.own, ""))
        return [ref for ref in given if ref not in self.ids and folded(ref) not in self._by_external]

    def _external_names(self) -> list[str]:
        own = [draft.external_id for draft in self._body.drafts if draft.external_id is not None]
        return list(dict.fromkeys([*own, *(ref for ref in self._outside() if not parse_id(ref))]))

    @property
    def names(self) -> dict[str, str]:
        """The labels of new tracks by the ids that they get."""
        drafts = self._body.drafts
        return {self.id_of(draft): draft.label for draft in drafts if self.id_of(draft) not in self.existing}

    def id_of(self, draft: Draft) -> str:
        """Return the id of the track that a draft creates or changes."""
        return self.ids[named_id(draft.label) or draft.label]

    def resolve(self, ref: str) -> str | None:
        """Return the id that a label, an external id, or an id in any spelling stands for."""
        return self.ids.get(ref) or parse_id(ref) or self._by_external.get(folded(ref))

    def resolved(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """Return a draft's fields with ids for what it refers to."""
        found = dict(own)
        for name in ("parent_id", "goal_id"):
            if found.get(name):
                found[name] = self.resolve(found[name])
        if found.get("depends_on"):
            found["depends_on"] = tuple(dict.fromkeys(self.resolve(ref) for ref in found["depends_on"]))
        return found

    def refuse_unknown(self, found: Collection[str]) -> None:
        """Raise UnknownReference for all drafts and references at once that stand for no track; `found` are there."""
        body = self._body
        there = {*found, *self.names}
        unknown = [
            no_track(each, f"{body.deletes_field}.{position}", "the UUID of an existing track")
            for position, each in enumerate(body.deleted)
            if each not in there
        ]
        for position, draft in enumerate(body.drafts):
            where = f"{self.field}.{position}"
            if self.id_of(draft) not in there:
                unknown.append(no_track(draft.label, f"{where}.id"))
            kind = "goal" if draft.goal else "task"
            for ref, path in references(draft.own, f"{where}.{kind}"):
                if self.resolve(ref) not in there:
                    unknown.append(_no_reference(ref, path))
        if unknown:
            raise UnknownReference(*unknown[:ERRORS_MAX])


def _fresh(draft: Draft) -> str:
    return id_at(clock.milliseconds(draft.created_at)) if draft.created_at else new_id()


def references(own: DraftTask | DraftGoal | None, where: str) -> list[tuple[str, str]]:
    """Return what a draft refers to, as it was sent, each with its path."""
    if own is None:
        return []
    found = [(ref, f"{where}.dependsOn.{place}") for place, ref in enumerate(own.depends_on)]
    goal = own.goal_id if isinstance(own, DraftTask) else ""
    alone: Iterable[tuple[str, str]] = (("parentId", own.parent_id), ("goalId", goal))
    return found + [(ref, f"{where}.{name}") for name, ref in alone if ref]


_TRACK_OR_LABEL = "the UUID of an existing track; a new one gets a label that is not a UUID"


def no_track(given: str, where: str, expected: str = _TRACK_OR_LABEL) -> FieldError:
    """Return the error for an id that is no track's."""
    return FieldError(where, f"there is no track {given}", expected, "unknown_reference")


def _no_reference(ref: str, where: str) -> FieldError:
    problem = f"{ref[:80]!r} is neither the id or external id of a track nor that of a draft in this request"
    return FieldError(where, problem, "a track's id or a draft's", "unknown_reference")
