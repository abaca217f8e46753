"""A change of a run, from a record of the table's stream: what it was, what it is, and what that amounts to."""

from switchyard.domain.runs import Run
from switchyard.domain.structs import Struct


class RunChange(Struct):
    """One version of a run turned into the next, by a record of the stream; `before` is None for a new run."""

    before: Run | None
    after: Run

    @property
    def status_changed(self) -> bool:
        return self.before is None or self.before.status != self.after.status

    @property
    def asked(self) -> bool:
        """Return whether the run asks a question that it did not ask before."""
        return self.after.awaits_input and (self.before is None or self.before.question_id != self.after.question_id)

    @property
    def answered(self) -> bool:
        """Return whether the run goes on with the answer to its question."""
        waited = self.before is not None and self.before.awaits_input
        return waited and not self.after.awaits_input and not self.after.is_outside

    @property
    def meanings(self) -> tuple[str, ...]:
        """Return the words by which the change is published: queued, dispatched, started or the final status; asked
        or answered; none for any other change.

        `dispatched` is said each time the run is offered to agents: by the workflow, by an agent that gives it back,
        and by an answer that comes when no agent holds it.
        """
        told = ("asked",) if self.asked else ("answered",) if self.answered else ()
        return (*told, *self._moved())

    def _moved(self) -> tuple[str, ...]:
        before, after = self.before, self.after
        if after.status == "queued":
            given_back = before is not None and (before.status == "in_progress" or before.awaits_input)
            offered = after.dispatched_at is not None and not after.awaits_input
            if before and offered and (given_back or after.dispatches > before.dispatches):
                return ("dispatched",)
            return ("queued",) if self.status_changed and not (after.awaits_input and given_back) else ()
        if not self.status_changed:
            return ()
        if after.status == "in_progress":
            return ("started",)
        return (after.status,) if after.is_final else ()
