"""What a tenant used: the query, the answer and how it is made."""

from datetime import date, timedelta
from typing import Annotated

from switchyard.domain import clock
from switchyard.http.call import Call, Reply
from switchyard.http.models import Field, Query
from switchyard.store import keys, usage
from switchyard.surfaces.inputs import ABSENT
from switchyard.surfaces.outputs import CamelShown
from switchyard.surfaces.planning.models import Day

#: Days of one answer at most, and those that are shown when none are named.
DAYS_MAX, DAYS = 92, 30


class ReadUsage(Query):
    """The last day (UTC), today when it is left out, and how many there are to be until then."""

    to: Day = ABSENT  #: The last day of the answer (UTC); today if left out.
    days: Annotated[int, Field(ge=1, le=DAYS_MAX)] = DAYS  #: How many days to show, up to and with the last one.


class UsageDay(CamelShown):
    """`changes` are requests that changed something, `refused` those answered 4xx, `failed` 5xx."""

    day: str  #: The day, in UTC.
    requests: int  #: Requests with a valid token, but for claims that found nothing.
    changes: int  #: Those that changed something.
    runs: int  #: Runs that were begun.
    refused: int  #: Requests answered with a 4xx status.
    failed: int  #: Requests answered with a 5xx status.
    stored_bytes: int  #: Bytes of the files that were finalized, or sent with their content, that day.


class UsageLimits(CamelShown):
    """Requests; null: no limit. Whoever is above it is answered 429 until the time in Retry-After has passed."""

    per_minute: int | None  #: Requests a minute; null for no limit.
    per_day: int | None  #: Requests a day (UTC); null for no limit.


class UsageShown(CamelShown):
    days: list[UsageDay]  #: One entry a day, the oldest first.
    limits: UsageLimits  #: Above these, requests are answered with 429 until the time in Retry-After has passed.


def read(call: Call[None, ReadUsage]) -> Reply:
    """Answer with the tenant's days and limits: 2 round trips."""
    last = call.query.to or clock.now()[:10]
    first = (date.fromisoformat(last) - timedelta(call.query.days - 1)).isoformat()
    table, tenant = call.unit.table, call.actor.tenant_id
    limits = usage.limits_of(table.get(*keys.tenant(tenant)))
    days = usage.days(table, tenant, first, last)
    return Reply(200, {"days": days, "limits": {"perMinute": limits.per_minute, "perDay": limits.per_day}})
