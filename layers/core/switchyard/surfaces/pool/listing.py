"""The list of tasks, by creation, due date or change: which key ranges hold it, and what is left to a filter."""

from urllib.parse import parse_qsl, urlencode

from switchyard.domain import lifecycle
from switchyard.http.call import Call, Reply
from switchyard.http.request import Request
from switchyard.store import filters, indexes, keys, lists, shards
from switchyard.store import tracks as track_rows
from switchyard.store.filters import Filter
from switchyard.store.indexes import Index
from switchyard.store.lists import Range
from switchyard.surfaces.pool import present, workflow
from switchyard.surfaces.pool.models import ListTasks


def list_tasks(call: Call[None, ListTasks]) -> Reply:
    """Answer a ListTasks query with a bare array; the header Link leads to the next page."""
    query = call.query
    tenant = call.actor.tenant_id
    asked = query.model_dump(exclude={"limit", "cursor"})
    fingerprint = lists.fingerprint(tenant, *(asked[name] for name in sorted(asked)))
    page = lists.read_page(
        call.unit.table,
        shards.of_tracks(_ranges(query, tenant), call.actor),
        limit=query.limit,
        after=lists.from_cursor(query.cursor, fingerprint),
        descending=not query.is_by_due,
        row_filter=_filter(query),
    )
    cursor = lists.to_cursor(page.position, fingerprint)
    return Reply(200, [present.task(track_rows.from_item(item)) for item in page.rows], link(call.request, cursor))


def link(request: Request, cursor: str | None) -> dict[str, str]:
    """Return the header that leads to the page after this one (RFC 8288); none at the end."""
    if cursor is None:
        return {}
    pairs = [pair for pair in parse_qsl(request.query_string, keep_blank_values=True) if pair[0] != "cursor"]
    query = urlencode([*pairs, ("cursor", cursor)])
    return {"link": f'<{request.base_url}{request.path}?{query}>; rel="next"'}


def _ranges(query: ListTasks, tenant: str) -> list[Range]:
    """Choose the narrowest index that fits; one without a status takes every status's range of it."""
    everything = keys.listed(tenant, "task")
    if query.is_by_due:
        low, high = query.due_date_from or " ", f"{query.due_date_to or ''}\U0010ffff"
        ranked = _by_rank(query, indexes.DUE, [everything])
        return [Range(each.index, each.partition, each.prefix, low, high) for each in ranked]
    if query.sort == "updated":
        return [Range(indexes.LISTED_BY_UPDATE, everything)]
    if query.assigned_to:
        return _by_rank(query, indexes.BY_ASSIGNEE, [keys.by_assignee(tenant, query.assigned_to)])
    if query.space_id:
        partitions = [keys.by_project(tenant, "task", each) for each in (query.space_id, "*")]
        return _by_rank(query, indexes.BY_PROJECT, partitions)
    if query.priority and query.priority != lifecycle.USUAL_PRIORITY:
        return _by_rank(query, indexes.BY_PRIORITY, [keys.by_priority(tenant, query.priority)])
    if query.status:
        return _by_rank(query, indexes.LISTED_BY_RANK, [everything])
    return [Range(indexes.LISTED_BY_ID, everything)]


def by_assignee(tenant: str, assignee: str) -> list[Range]:
    """Return the ranges of the shared tasks of an assignee, of any status."""
    wanted = ListTasks.model_construct(status=None)
    return _by_rank(wanted, indexes.BY_ASSIGNEE, [keys.by_assignee(tenant, assignee)])


def _by_rank(query: ListTasks, index: Index, partitions: list[str]) -> list[Range]:
    statuses = workflow.group(query.status) if query.status else (None, *lifecycle.TASK_STATUSES)
    codes = sorted(lifecycle.code("task", status) for status in statuses)
    return [Range(index, partition, f"{code}#") for partition in dict.fromkeys(partitions) for code in codes]


def _filter(query: ListTasks) -> Filter:
    """Filter by what the chosen index does not cover."""
    rest = Filter()
    is_ordered = query.is_by_due or query.sort == "updated"
    if is_ordered and query.assigned_to:
        rest.add(filters.any_of("assignee", [query.assigned_to]))
    if query.sort == "updated" and query.status:
        rest.add(filters.any_of("status", list(workflow.group(query.status))))
    is_listed = (
        not is_ordered and query.priority != lifecycle.USUAL_PRIORITY and not query.assigned_to and not query.space_id
    )
    if query.space_id:
        rest.add(filters.first_is("project_ids", query.space_id))
    if query.priority and not is_listed:
        rest.add(filters.any_of("priority", [query.priority]))
    return rest
