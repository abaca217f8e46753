"""What a request meant to end, so that a refusal of it is recorded in the audit trail."""

from switchyard.domain import audit, clock, lifecycle
from switchyard.domain.actors import Actor
from switchyard.domain.errors import SwitchyardError
from switchyard.domain.tracks import Track
from switchyard.store import audit as audit_rows
from switchyard.store.table import Item


class Ends:
    """The tracks that one request means to give a final status: done, cancelled, completed."""

    def __init__(self) -> None:
        self._meant: dict[str, tuple[Track, str]] = {}

    def intend(self, track: Track, status: str | None) -> None:
        """Note that the request means to give the track this status; only a final one counts.

        `tracks.change` does it; a caller that refuses before that (a precondition, a transition) calls this first.
        """
        if status in lifecycle.FINAL and status != track.status:
            self._meant[track.id] = (track, status)

    def refused(self, actor: Actor, request_id: str, error: SwitchyardError, status: int) -> list[Item]:
        """Return the actions that leave word of every end that this error refused, for the pipeline to audit.

        `status` is the HTTP status of the error.
        """
        now = clock.now()
        return [
            audit_rows.attempt(audit.refused(track, wanted, actor, request_id, now, error, status))
            for track, wanted in self._meant.values()
        ]
