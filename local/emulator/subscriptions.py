"""Subscriptions of log groups: JSON patterns as CloudWatch Logs has them, and lines handed on together.

MiniStack looks for the pattern's words in a line, and calls the function once for each invocation that logged. Here the
lines of a second go together, as on AWS they come in batches.
"""

import asyncio
import base64
import gzip
import json
import re
import threading
import time
from collections import defaultdict
from functools import lru_cache
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid, request_scope
from ministack.services import cloudwatch_logs, lambda_svc

INTERVAL_SECONDS = 1.0
#: What a pattern's term may be: a field that equals a text, or is there (`*`); one that is not there.
TERM = re.compile(r'\$\.(\w+)\s*(?:=\s*"([^"]*)"|(NOT EXISTS))')

_lock = threading.Lock()
# Lines that wait, by account, region, group and filter.
_waiting: defaultdict[tuple[str, str, str, str], list[dict]] = defaultdict(list)


def install() -> None:
    """Put this in the place of MiniStack's way."""
    cloudwatch_logs._fanout_to_subscription_filters = keep


@lru_cache
def terms(pattern: str) -> tuple[tuple[tuple[str, str | None], ...], ...]:
    """A JSON pattern of ANDs, whose parts are ORs of terms: a field and its value, None for one that is not there."""
    parts = pattern.strip().strip("{}").split("&&")
    found = ([(name, None if absent else value) for name, value, absent in TERM.findall(part)] for part in parts)
    return tuple(tuple(each) for each in found)


def matches(pattern: str, message: str) -> bool:
    """Whether a line matches a JSON pattern.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    if not message.startswith("{"):
        return False
    try:
        line: Any = json.loads(message)
    except ValueError:
        return False

    def holds(name: str, wanted: str | None) -> bool:
        if wanted is None:
            return name not in line
        return name in line and (wanted == "*" or line[name] == wanted)

    return all(any(holds(*term) for term in part) for part in terms(pattern))


def keep(group: str, _stream: str, events: list[dict]) -> None:
    """Let the lines of an invocation wait for the next round."""
    filters = (cloudwatch_logs._log_groups.get(group) or {}).get("subscriptionFilters") or {}
    for name, each in filters.items():
        found = [event for event in events if matches(each.get("filterPattern", ""), event.get("message", "").strip())]
        if found:
            with _lock:
                _waiting[get_account_id(), get_region(), group, name] += found


async def deliver_regularly() -> None:
    """Hand on what waits, once a second."""
    while True:
        await asyncio.sleep(INTERVAL_SECONDS)
        with _lock:
            due = dict(_waiting)
            _waiting.clear()
        for (account, region, group, name), events in due.items():
            with request_scope(account, region):
                deliver(group, name, events)


def deliver(group: str, name: str, events: list[dict]) -> None:
    """Invoke the function of one subscription with lines."""
    filters = (cloudwatch_logs._log_groups.get(group) or {}).get("subscriptionFilters") or {}
    if name not in filters:
        return
    function = filters[name]["destinationArn"].partition(":function:")[2].partition(":")[0]
    record = lambda_svc._functions.get(function)
    if record is None:
        return
    now = int(time.time() * 1000)
    lines = [{"id": new_uuid(), "timestamp": e.get("timestamp", now), "message": e["message"].strip()} for e in events]
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": get_account_id(),
        "logGroup": group,
        "logStream": "all",
        "subscriptionFilters": [name],
        "logEvents": lines,
    }
    event = {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()}}
    threading.Thread(target=lambda_svc._execute_function_with_config_scope, args=(record, event), daemon=True).start()
