"""From log lines to what each tenant uses, and to tokens that are refused for a while when that is too much.

Every request writes a line anyway; counting them afterwards costs a request nothing, neither a write nor a read: that
a token is held back is on its row, which a container reads every half minute in any case.
"""

import base64
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from switchyard.aws.telemetry import logger
from switchyard.domain import clock
from switchyard.store import keys, usage
from switchyard.store.table import Table


class Used:
    """What one tenant used in a batch of lines: by day, by minute, and by which tokens."""

    def __init__(self) -> None:
        self.days = defaultdict[str, Counter[str]](Counter)
        self.minutes = Counter[str]()
        self.tokens = set[str]()


def lines(event: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Return the lines of a subscription's event, each with its instant.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
    """
    for each in json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))["logEvents"]:
        try:
            line = json.loads(each["message"])
        except ValueError:
            continue  # a line of the platform's own
        if isinstance(line, dict) and isinstance(line.get("tenant"), str):
            yield clock.stamp(each["timestamp"] / 1_000), line


def gathered(event: Mapping[str, Any]) -> dict[str, Used]:
    """Return what each tenant used."""
    found: defaultdict[str, Used] = defaultdict(Used)
    for at, line in lines(event):
        used, day = found[line["tenant"]], found[line["tenant"]].days[at[:10]]
        if line.get("message") == "run changed":
            day["runs"] += line.get("what") == "queued"
        elif line.get("message") == "request":
            status = int(line["status"])
            day.update(requests=1, changes=int(bool(line.get("change")) and status < 300))
            day.update(refused=int(400 <= status < 500), failed=int(status >= 500))
            day.update(storedBytes=int(line.get("stored_bytes", 0)))
            used.minutes[at[:16]] += 1
            if "token_id" in line:
                used.tokens.add(line["token_id"])
    return dict(found)


def count(table: Table, event: Mapping[str, Any]) -> int:
    """Add what was used to the tenants' rows, and hold back who uses too much; returns how many tenants there were.

    2 round trips a tenant and day, and 1 for each minute of a tenant that has a limit.
    """
    found = gathered(event)
    for tenant_id, used in found.items():
        limits = usage.limits_of(table.get(*keys.tenant(tenant_id)))
        for day, counts in used.days.items():
            total = usage.add(table, tenant_id, day, counts) if counts.total() else 0
            if limits.per_day is not None and total > limits.per_day:
                _hold_back(table, tenant_id, used, clock.stamp(clock.milliseconds(f"{day}T00:00:00Z") / 1_000 + 86_400))
        for minute, requests in used.minutes.items() if limits.per_minute is not None else ():
            total = usage.add_minute(table, tenant_id, minute, requests)
            if limits.per_minute is not None and total > limits.per_minute:
                # As many whole minutes as the surplus is worth, so that the average is the limit.
                minutes = 1 + total // max(limits.per_minute, 1)
                until = clock.milliseconds(f"{minute}:00Z") / 1_000 + 60 * minutes
                _hold_back(table, tenant_id, used, clock.stamp(until))
    return len(found)


def _hold_back(table: Table, tenant_id: str, used: Used, until: str) -> None:
    if until <= clock.now():
        return
    for token_id in sorted(used.tokens):
        usage.hold_back(table, tenant_id, token_id, until)
    logger.warning("tenant held back", extra={"tenant": tenant_id, "until": until})
