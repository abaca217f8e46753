"""Notifications: what a user is notified of about tasks and their runs, and what became of it (projects.md §8.2).

A notification is decided once, and kept even if it is not sent: it says why a device got no push.
"""

from collections.abc import Mapping
from typing import Any, Literal

from switchyard.domain import clock, ids
from switchyard.domain.runs import FINAL, Run
from switchyard.domain.structs import Struct

Kind = Literal["completed", "failed", "cancelled", "awaiting", "due"]
Decision = Literal["sent", "suppressed", "cooldown", "no_devices", "no_access", "disabled"]
#: pending: on its way; accepted: the push service took it; unregistered: the person gave the device up meanwhile;
#: removed: the service no longer knows the device; refused: the service will not take it; failed: no attempt is left.
Outcome = Literal["pending", "accepted", "unregistered", "removed", "refused", "failed"]

#: Seconds in which a run sends only one notification of the same kind. A reminder is no run's, and comes once.
COOLDOWN_SECONDS: Mapping[Kind, int] = {"completed": 600, "failed": 600, "cancelled": 600, "awaiting": 30}

TITLE = "Switchyard"
UNTITLED = "Untitled task"
_WORDS: Mapping[Kind, str] = {
    "completed": "finished",
    "failed": "failed",
    "cancelled": "was cancelled",
    "awaiting": "needs your input",
    "due": "is due soon",
}


class Attempted(Struct, kw_only=True):
    """What became of one device: `at` when it was tried last, `error` in the push service's words.

    `reference` is the service's own name of what it took (Expo's ticket, SNS's message id).
    """

    platform: str
    outcome: Outcome = "pending"
    error: str | None = None
    reference: str | None = None
    at: str | None = None


class Notification(Struct, kw_only=True):
    """One notification and what was decided about it. `run_id` is None for a reminder.

    `present` are the devices that showed the task at `created_at`. `devices` are those it goes to, by id. Nobody else
    may try them before `trying_until`, in seconds since the epoch.
    """

    tenant_id: str
    task_id: str
    id: str
    run_id: str | None = None
    kind: Kind
    recipient: str
    decided: Decision
    body: str
    created_at: str
    present: tuple[str, ...] = ()
    devices: Mapping[str, Attempted] = {}
    attempts: int = 0
    trying_until: int = 0

    @property
    def waiting(self) -> list[str]:
        """Return the ids of the devices that are still to be notified."""
        return [each for each, tried in self.devices.items() if tried.outcome == "pending"]

    @property
    def data(self) -> dict[str, str]:
        """Return what an app gets beside the text, to open the task."""
        run = {"taskRunId": self.run_id} if self.run_id else {}
        return {"taskId": self.task_id, **run, "notificationKind": self.kind}


def kind_of(before: Run | None, after: Run) -> Kind | None:
    """Return the kind of notification for a change of a run; None for a change without one.

    There is one when a run gets its final status, one when it asks a question, and one when its agent sets
    `awaiting_input` in the run's state to true: the end of its turn in a conversation.
    """
    if before is None:
        return "awaiting" if after.awaits_input else None
    if after.status in FINAL:
        return after.status if before.status not in FINAL else None  # type: ignore[return-value]
    if after.awaits_input and before.question_id != after.question_id:
        return "awaiting"
    return "awaiting" if _awaits(after.state) and not _awaits(before.state) else None


def _awaits(state: Mapping[str, Any]) -> bool:
    return state.get("awaiting_input") is True


def notification_id(run: Run, kind: Kind) -> str:
    """Return the id of the notification of this version of a run: a UUIDv7 of the time of the change."""
    return ids.derived_id(clock.milliseconds(run.updated_at), f"{run.tenant_id}#{run.id}#{kind}#{run.version}")


def text(kind: Kind, title: str) -> str:
    """Return the sentence that a person reads."""
    return f'"{title}" {_WORDS[kind]}' if title.strip() else f'"{UNTITLED}" {_WORDS[kind]}'
