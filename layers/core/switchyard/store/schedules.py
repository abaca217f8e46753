"""Schedules in the table: a partition of the tenant's, and one of each schedule's occurrences, gone after a while."""

from switchyard.domain.goal_runs import GoalRun
from switchyard.domain.schedules import Occurrence, Schedule
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.store import filters, keys, schedule_keys
from switchyard.store.codec import NEW, Codec, expiry, row_key
from switchyard.store.filters import Filter
from switchyard.store.indexes import TABLE
from switchyard.store.lists import Page, Range, read_page
from switchyard.store.table import ConditionFailed, Item, Table

#: Seconds that an occurrence stays, and a deleted schedule.
OCCURRENCE_SECONDS, TOMBSTONE_SECONDS = 90 * 86_400, 30 * 86_400


def _gone(at: str | None, seconds: int) -> Item:
    return {"expires_at": expiry(at, seconds)} if at else {}


ROWS = Codec(
    Schedule,
    lambda each: schedule_keys.schedule(each.tenant_id, each.id),
    beside=lambda each: _gone(each.deleted_at, TOMBSTONE_SECONDS),
    moving=("occurred",),
)
OCCURRENCES = Codec(
    Occurrence,
    lambda each: schedule_keys.occurrence(each.tenant_id, each.schedule_id, each.at),
    beside=lambda each: _gone(each.decided_at, OCCURRENCE_SECONDS),
)
to_item, from_item = ROWS.to_item, ROWS.from_item
occurrence_from = OCCURRENCES.from_item

#: The actions that write a new schedule, and turn one version into the next.
put, update = ROWS.create, ROWS.update


def note(found: Occurrence, former: Occurrence | None) -> Item:
    """The action that writes what became of an occurrence, once; in the place of one that waited."""
    return OCCURRENCES.put(found, OCCURRENCES.unchanged(former, "outcome") if former else NEW)


def await_end(schedule: Schedule, of: Track | GoalRun) -> Item:
    """The action that has a schedule told of the end of what is under way, as long as it is as it was read."""
    key = keys.goal_run(of.tenant_id, of.goal_id) if isinstance(of, GoalRun) else keys.track(of.tenant_id, of.id)
    return {
        "Update": {
            "Key": row_key(key),
            "UpdateExpression": "ADD awaited_by :schedule",
            "ConditionExpression": "version = :version",
            "ExpressionAttributeValues": {":schedule": {"SS": [schedule.id]}, ":version": {"N": str(of.version)}},
        }
    }


def plan_again(table: Table, schedule: Schedule) -> bool:
    """Have the stream plan a schedule as it is: 1 write of a version that says nothing new. False: it just changed."""
    try:
        table.write([update(schedule, replace(schedule, version=schedule.version + 1))])
    except ConditionFailed:
        return False
    return True


def of_tenant(table: Table, tenant_id: str, actor_id: str, limit: int, after: str | None) -> Page:
    """Return rows of the tenant's schedules that an actor may see, newest first: 1 query. A position is an id."""
    pk, prefix = schedule_keys.schedules(tenant_id)
    wanted = Filter()
    wanted.add(filters.any_of("owner", [None, actor_id]))
    wanted.add(filters.any_of("deleted_at", [None]))
    return read_page(table, [Range(TABLE, pk, prefix=prefix)], limit=limit, after=after, row_filter=wanted)


def of_schedule(table: Table, schedule: Schedule, limit: int, after: str | None) -> Page:
    """Return rows of a schedule's occurrences, newest first: 1 query. A position is an instant."""
    pk, prefix = schedule_keys.occurrences(schedule.tenant_id, schedule.id)
    return read_page(table, [Range(TABLE, pk, prefix=prefix)], limit=limit, after=after)


def count(table: Table, tenant_id: str, most: int) -> int:
    """Count the tenant's schedules, up to `most` of them: 1 query."""
    pk, prefix = schedule_keys.schedules(tenant_id)
    wanted = Filter()
    wanted.add(filters.any_of("deleted_at", [None]))
    return len(read_page(table, [Range(TABLE, pk, prefix=prefix)], limit=most, row_filter=wanted).items)
