"""Events that a rule could not deliver, which MiniStack drops: they go to the dead-letter queue of the rule's target.

The queue's own policy has to let EventBridge send; without it the event is lost, as on AWS.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

import json
import logging
from fnmatch import fnmatchcase
from typing import Any

from ministack.core.arn import ArnParseError, parse_arn
from ministack.services import eventbridge, lambda_svc, sqs

logger = logging.getLogger("switchyard.events")

SERVICE = "events.amazonaws.com"
ACTION = "sqs:SendMessage"
_original = eventbridge._invoke_target


def install() -> None:
    """Have undeliverable events kept."""
    eventbridge._invoke_target = invoke_target


def invoke_target(target: dict, event: dict, rule: dict, view: Any = None) -> None:
    """Deliver an event to one target of a rule, or to its dead-letter queue."""
    if exists(target["Arn"]):
        _original(target, event, rule, view)
        return
    queue = sqs._queue_by_arn((target.get("DeadLetterConfig") or {}).get("Arn", ""))
    if queue is None or not allows(queue["attributes"].get("Policy"), queue["attributes"]["QueueArn"], rule["Arn"]):
        logger.warning("an event for %s is lost: no dead-letter queue takes it", target["Arn"])
        return
    texts = {
        "RULE_ARN": rule["Arn"],
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": "NO_RESOURCE",
        "ERROR_MESSAGE": "The target does not exist",
    }
    attributes = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}
    body = json.dumps((view or eventbridge._pattern_event_view(event)).event_with_detail())
    sqs._act_send_message({"QueueUrl": queue["url"], "MessageBody": body, "MessageAttributes": attributes}, "")


def exists(arn: str) -> bool:
    """Whether there is a function or a queue of that name; other kinds of targets are not looked for."""
    try:
        service = parse_arn(arn).service
    except ArnParseError:
        return False
    if service == "lambda":
        return lambda_svc._get_func_record_for_ref(arn)[0] is not None
    return service != "sqs" or sqs._queue_by_arn(arn) is not None


def allows(policy: str | None, queue: str, rule: str) -> bool:
    """Whether a queue's policy lets EventBridge send for a rule."""
    statements = as_list(json.loads(policy or '{"Statement": []}')["Statement"])
    effects = {each["Effect"] for each in statements if applies(each, queue, rule)}
    return effects == {"Allow"}


def applies(statement: dict, queue: str, rule: str) -> bool:
    """Whether a statement is about EventBridge sending to the queue for the rule."""
    principal = statement.get("Principal")
    services = as_list(principal.get("Service", [])) if isinstance(principal, dict) else as_list(principal)
    actions = [each.lower() for each in as_list(statement.get("Action"))]
    return (
        bool({SERVICE, "*"} & set(services))
        and any(fnmatchcase(ACTION.lower(), each) for each in actions)
        and any(fnmatchcase(queue, each) for each in as_list(statement.get("Resource")))
        and all(condition_met(kind, keys, rule) for kind, keys in statement.get("Condition", {}).items())
    )


def condition_met(kind: str, keys: dict, rule: str) -> bool:
    """Whether a condition about the source holds; one about TLS does, any other does not."""
    for name, values in keys.items():
        if name.lower() == "aws:sourcearn" and kind in ("ArnEquals", "ArnLike", "StringEquals", "StringLike"):
            if not any(fnmatchcase(rule, each) for each in as_list(values)):
                return False
        elif name.lower() == "aws:securetransport" and kind == "Bool":
            if as_list(values) not in (["true"], [True]):
                return False
        else:
            return False
    return True


def as_list(value: Any) -> list:
    """A value that may be a single one, as a list."""
    return value if isinstance(value, list) else [value]
