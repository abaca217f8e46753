"""Schedules as EventBridge Scheduler has them: what it refuses, its time zones, its keywords, and its dead letters.

MiniStack fires in UTC, every ten seconds, hands on its own kind of event, and takes any name, expression and role.
Here a schedule is due when the service's own reading of its expression says so (layers/core, domain/timing.py), and its
input is sent to a queue. Other kinds of targets are not served.
"""

import asyncio
import json
import logging
import re
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from ministack.core import iam_actions, iam_evaluator
from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import request_scope
from ministack.services import iam, scheduler, sqs

from local.emulator.dead_letters import as_list

sys.path.append(str(Path(__file__).parents[2] / "layers/core"))

from switchyard.domain import clock, cron, timing

logger = logging.getLogger("switchyard.schedules")

INTERVAL_SECONDS = 0.5
SERVICE = "scheduler.amazonaws.com"
# https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
NAME = re.compile(r"[0-9a-zA-Z\-_.]{1,64}")
EXPRESSION_MAX, ZONE_MAX = 256, 50
WINDOW_MINUTES = range(1, 1_441)
RETRY = {"MaximumEventAgeInSeconds": range(60, 86_401), "MaximumRetryAttempts": range(186)}
# "The StartDate you specify cannot be earlier than 5 minutes ago", as the service answers.
START_SECONDS = 300
# https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
KEYWORD = re.compile(r"<aws\.scheduler\.([a-z-]+)>")

# Of each schedule: what it was when that was found, and when it is due next, in seconds since the epoch.
_due: dict[tuple, tuple[str, float | None]] = {}


def install() -> None:
    """Have schedules checked, and fired here."""
    for name in ("_create_schedule", "_update_schedule"):
        setattr(scheduler, name, checked(getattr(scheduler, name)))
    scheduler.start_scheduler = lambda: None
    iam_actions.extract_resource_arn = with_groups(iam_actions.extract_resource_arn)


def with_groups(resource_of: Any) -> Any:
    """What tells the resource that a request is about: of a schedule with its group, for which it has `default`."""

    def resource(service: str, method: str, path: str, headers: dict, body: bytes, query: dict, *where: str) -> str:
        found = str(resource_of(service, method, path, headers, body, query, *where))
        if service != "scheduler" or ":schedule/default/" not in found:
            return found
        given = query.get("groupName", "default")
        group = given[0] if isinstance(given, list) else given
        if body:
            group = json.loads(body).get("GroupName", group)
        return found.replace(":schedule/default/", f":schedule/{group}/")

    return resource


# ---------------------------------------------------------------- refused


def checked(change: Any) -> Any:
    """Make or change a schedule, unless AWS refuses it."""

    def with_check(name: str, body: dict) -> tuple:
        problem = problem_of(name, body)
        return scheduler._error(400, "ValidationException", problem) if problem else change(name, body)

    return with_check


def problem_of(name: str, body: dict) -> str | None:
    """Say what AWS refuses of a schedule."""
    target, window = body.get("Target") or {}, body.get("FlexibleTimeWindow") or {}
    retry, start, now = target.get("RetryPolicy") or {}, body.get("StartDate"), time.time()
    zone, expression = body.get("ScheduleExpressionTimezone", "UTC"), body.get("ScheduleExpression", "")
    try:
        timing.zone(zone)
        timing.Timing(expression, zone, clock.stamp(now)).next(clock.stamp(now), 1)
    except cron.BadExpression as bad:
        return f"Invalid Schedule Expression {expression}: {bad}"
    flexible = window.get("Mode") == "FLEXIBLE" and window.get("MaximumWindowInMinutes") in WINDOW_MINUTES
    end = body.get("EndDate")
    rules = {
        f"Name {name} has 1 to 64 of 0-9 a-z A-Z - _ .": NAME.fullmatch(name),
        "ScheduleExpression is too long": len(expression) <= EXPRESSION_MAX and len(zone) <= ZONE_MAX,
        "FlexibleTimeWindow is OFF, or FLEXIBLE with 1 to 1440 minutes": window == {"Mode": "OFF"} or flexible,
        "The StartDate you specify cannot be earlier than 5 minutes ago": not start or start > now - START_SECONDS,
        "EndDate must be after StartDate and now": not end or end > max(start or 0, now),
        "ActionAfterCompletion is NONE or DELETE": body.get("ActionAfterCompletion", "NONE") in ("NONE", "DELETE"),
        "RetryPolicy is out of range": all(value in RETRY.get(each, ()) for each, value in retry.items()),
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role": trusts(
            target.get("RoleArn", ""), body.get("GroupName", "default")
        ),
    }
    return next((problem for problem, holds in rules.items() if not holds), None)


def trusts(role_arn: str, group: str) -> bool:
    """Whether a role lets Scheduler assume it for schedules of a group."""
    role = iam._roles.get(role_arn.rpartition("/")[2])
    statements = (document(role["AssumeRolePolicyDocument"]) if role else {}).get("Statement", [])
    return any(
        each["Effect"] == "Allow"
        and SERVICE in as_list(each["Principal"].get("Service"))
        and (each.get("Condition") or {}).get("StringEquals", {}).get("aws:SourceArn", scheduler._group_arn(group))
        == scheduler._group_arn(group)
        for each in as_list(statements)
    )


def document(policy: Any) -> dict:
    """A policy, which MiniStack keeps as text or as an object."""
    return json.loads(policy) if isinstance(policy, str) else policy


# ---------------------------------------------------------------- fired


async def fire_regularly() -> None:
    """Fire what is due, twice a second."""
    while True:
        await asyncio.sleep(INTERVAL_SECONDS)
        now = time.time()
        for key, found in list(scheduler._schedules._data.items()):
            if found.get("State") == "ENABLED":
                fire_if_due(key, found, now)


def fire_if_due(key: tuple, found: dict, now: float) -> None:
    """Fire a schedule whose time has come, and find when it is due again; one that is over goes, if it is to."""
    version = f"{found['CreationDate']} {found['LastModificationDate']}"
    known, due = _due.get(key, ("", None))
    if known != version:
        due = following(found, found["LastModificationDate"])
    if due is not None and due <= now:
        account, region, _ = key
        with request_scope(account, region):
            fire(found, due)
        due = following(found, due)
    _due[key] = version, due
    if due is None and found.get("ActionAfterCompletion") == "DELETE":
        scheduler._schedules._data.pop(key, None)
        _due.pop(key, None)


def following(found: dict, after: float) -> float | None:
    """When a schedule is due after a time; None when it is over."""
    start, end = (scheduler._to_epoch(found.get(each)) for each in ("StartDate", "EndDate"))
    given = found["ScheduleExpression"], found["ScheduleExpressionTimezone"]
    begin = clock.stamp(start if start is not None else found["CreationDate"])
    times = timing.Timing(*given, begin, None if end is None else clock.stamp(end)).next(clock.stamp(after), 1)
    return clock.milliseconds(times[0]) / 1000 if times else None


def fire(found: dict, due: float) -> None:
    """Send the input of a schedule to its queue, as its role may; what cannot be sent goes to the dead letters."""
    target = found["Target"]
    texts = {
        "schedule-arn": found["Arn"],
        "scheduled-time": f"{clock.stamp(due)[:19]}Z",
        "execution-id": uuid4().hex[:16],
        "attempt-number": "1",
    }
    body = KEYWORD.sub(lambda keyword: texts.get(keyword[1], keyword[0]), target.get("Input", "{}"))
    if send(target["RoleArn"], target["Arn"], body):
        return
    letters = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    attributes = {"ERROR_CODE": "AccessDeniedOrNotFound", "SCHEDULE_ARN": found["Arn"], "TARGET_ARN": target["Arn"]}
    if not send(target["RoleArn"], letters, body, attributes):
        logger.warning("an occurrence of %s is lost: no queue takes it", found["Arn"])


def send(role_arn: str, queue_arn: str, body: str, attributes: dict[str, str] | None = None) -> bool:
    """Send a message in the name of a role; whether there is such a queue and the role may."""
    queue = sqs._queue_by_arn(queue_arn)
    if queue is None or not may_send(role_arn, queue_arn):
        return False
    told = {name: {"DataType": "String", "StringValue": text} for name, text in (attributes or {}).items()}
    sqs._act_send_message({"QueueUrl": queue["url"], "MessageBody": body, "MessageAttributes": told}, "")
    return True


def may_send(role_arn: str, queue_arn: str) -> bool:
    """Whether a role's policies let it send to a queue."""
    try:
        account = parse_arn(role_arn).account_id
    except ArnParseError:
        return False
    policies = iam_evaluator._gather_role_policies(role_arn.rpartition("/")[2], account)
    request = iam_evaluator.EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account,
        action="sqs:SendMessage",
        resource_arn=queue_arn,
        region=parse_arn(queue_arn).region,
    )
    return bool(iam_evaluator.evaluate(request, policies).decision == "Allow")
