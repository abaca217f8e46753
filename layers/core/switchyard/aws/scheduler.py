"""EventBridge Scheduler: the only place that talks to it.

Rules that hold here (CreateSchedule, API reference: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html):

- A name has 1 to 64 of `0-9 a-z A-Z - _ .` (name_of).
- A start that lies in the past is refused; an update replaces everything, so that all is sent each time.
- A target is called at least once: the target tells by the scheduled time which occurrence it is
  (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html).
- What can not be delivered is tried again for up to 24 hours, 185 times, and then goes to the dead-letter queue
  (https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html).
- `ActionAfterCompletion: DELETE` takes a schedule away after its last invocation, so that it counts against no quota.
"""

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from switchyard.aws import retry
from switchyard.aws.clients import make_client
from switchyard.aws.errors import ApiError
from switchyard.domain.structs import Struct

#: What Scheduler puts in the place of this: when the invocation was due, in UTC.
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
#: Seconds for which an invocation is tried, and how often: what Scheduler does at most, and by itself.
_EVENT_SECONDS, _ATTEMPTS = 86_400, 185
_RETRYABLE = frozenset({"InternalServerException", "ThrottlingException"})
_GONE = "ResourceNotFoundException"


class Plan(Struct):
    """When a message is sent, and which: `start` and `end` are seconds since the epoch (None: now, never)."""

    expression: str
    time_zone: str
    message: Mapping[str, Any]
    start: int | None = None
    end: int | None = None


class Scheduler:
    """The schedules of this stage. `deadline` is a time.monotonic() value: no retry starts after it."""

    def __init__(self, group: str, role: str, queue: str, dead_letters: str, client: Any) -> None:
        self.group, self.role, self.queue, self.dead_letters = group, role, queue, dead_letters
        self.client = client
        self.deadline = time.monotonic() + 30

    @classmethod
    def from_environment(cls) -> "Scheduler":
        """Return those whose group, role and queues the environment names."""
        group, role = os.environ["SCHEDULE_GROUP"], os.environ["SCHEDULE_ROLE_ARN"]
        queue, dead_letters = os.environ["SIGNALS_QUEUE_ARN"], os.environ["DEAD_LETTERS_QUEUE_ARN"]
        return cls(group, role, queue, dead_letters, make_client("scheduler"))

    def put(self, name: str, plan: Plan) -> None:
        """Have messages sent to the queue as planned, in the place of what was planned under the name. 1 or 2 calls."""
        given = self._given(name, plan)
        if self._call("update_schedule", **given) is None:
            self._call("create_schedule", **given)

    def delete(self, name: str) -> None:
        """Send nothing more under the name; nothing happens when there is nothing. 1 call."""
        self._call("delete_schedule", Name=name, GroupName=self.group)

    def _given(self, name: str, plan: Plan) -> dict[str, Any]:
        given: dict[str, Any] = {
            "Name": name,
            "GroupName": self.group,
            "ScheduleExpression": plan.expression,
            "ScheduleExpressionTimezone": plan.time_zone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED",
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": self.queue,
                "RoleArn": self.role,
                "Input": json.dumps(plan.message),
                "DeadLetterConfig": {"Arn": self.dead_letters},
                "RetryPolicy": {"MaximumEventAgeInSeconds": _EVENT_SECONDS, "MaximumRetryAttempts": _ATTEMPTS},
            },
        }
        dates = {"StartDate": plan.start, "EndDate": plan.end}
        return given | {each: value for each, value in dates.items() if value is not None}

    def _call(self, operation: str, **params: Any) -> Any:
        """Make a call; None when there is no schedule of the name."""
        try:
            return retry.call(lambda: getattr(self.client, operation)(**params), self.deadline, _is_retryable)
        except ApiError as error:
            if error.code == _GONE and operation != "create_schedule":
                return None
            raise


def name_of(tenant_id: str, about: str) -> str:
    """Return the name at Scheduler for a tenant's schedule, or for a task that reminds: 64 hexadecimal digits."""
    return f"{tenant_id}{about}".replace("-", "")


def _is_retryable(error: ApiError) -> bool:
    return error.code in _RETRYABLE
