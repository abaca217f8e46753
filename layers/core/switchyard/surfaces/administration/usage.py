"""What a tenant used: the query, the answer and how it is made."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from switchyard.domain import clock
from switchyard.domain.errors import FieldError, Invalid
from switchyard.http.call import Call, Reply
from switchyard.http.validation import Expectation, Query
from switchyard.store import keys, usage
from switchyard.surfaces.inputs import ABSENT
from switchyard.surfaces.outputs import CamelShown

#: Days of one answer at most, and those that are shown when none are named.
DAYS_MAX, _DAYS = 92, 30


def _a_day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Expectation(f"{text!r} is not a day", "a day: 2026-06-05", "date") from None


Day = Annotated[str, Field(min_length=10, max_length=10), AfterValidator(_a_day)]


class ReadUsage(Query):
    """Days in UTC, both included; left out, the last thirty."""

    from_: Annotated[Day, Field(alias="from")] = ABSENT
    to: Day = ABSENT


class UsageDay(CamelShown):
    """`changes` are requests that changed something, `refused` those answered 4xx, `failed` 5xx."""

    day: str
    requests: int
    changes: int
    runs: int
    refused: int
    failed: int


class UsageLimits(CamelShown):
    """Requests; null: no limit. Whoever is above it is answered 429 until the time in Retry-After has passed."""

    per_minute: int | None
    per_day: int | None


class UsageShown(CamelShown):
    days: list[UsageDay]
    limits: UsageLimits


def read(call: Call[None, ReadUsage]) -> Reply:
    """Answer with the tenant's days and limits: 2 round trips. Raises Invalid for too many days."""
    given = call.query
    last = given.to or clock.now()[:10]
    first = given.from_ or clock.stamp(clock.milliseconds(f"{last}T00:00:00Z") / 1_000 - (_DAYS - 1) * 86_400)[:10]
    length = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    if not 1 <= length <= DAYS_MAX:
        raise Invalid(FieldError("from", f"and to span {length} days", f"1 to {DAYS_MAX} days"))
    table, tenant = call.unit.table, call.actor.tenant_id
    limits = usage.limits_of(table.get(*keys.tenant(tenant)))
    days = usage.days(table, tenant, first, last)
    return Reply(200, {"days": days, "limits": {"perMinute": limits.per_minute, "perDay": limits.per_day}})
