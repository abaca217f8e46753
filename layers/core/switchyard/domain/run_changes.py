"""A change of a run, from a record of the table's stream: what it was, what it is, and what that amounts to."""

from dataclasses import dataclass

from switchyard.domain.runs import Run


@dataclass(frozen=True, slots=True)
class RunChange:
    """One version of a run turned into the next, by a record of the stream; `before` is None for a new run."""

    before: Run | None
    after: Run

    @property
    def status_changed(self) -> bool:
        return self.before is None or self.before.status != self.after.status

    @property
    def meaning(self) -> str | None:
        """Return the word by which the change is published: queued, dispatched, started, or the final status.

        `dispatched` is said each time the run is offered to agents: by the workflow, and by an agent that gives it
        back. None for any other change.
        """
        before, after = self.before, self.after
        if after.status == "queued":
            given_back = before is not None and before.status == "in_progress"
            if before and after.dispatched_at and (given_back or after.dispatches > before.dispatches):
                return "dispatched"
            return "queued" if self.status_changed else None
        if not self.status_changed:
            return None
        if after.status == "in_progress":
            return "started"
        return after.status if after.is_final else None
