"""The lists of the administration surface, newest first."""

from collections.abc import Callable, Mapping
from typing import Any

from switchyard.store import filters, indexes, keys, lists, tenants, tokens
from switchyard.store.filters import Filter
from switchyard.store.lists import Range
from switchyard.store.table import Table
from switchyard.surfaces.administration import present
from switchyard.surfaces.administration.models import ListMembers
from switchyard.surfaces.inputs import Paging

Show = Callable[[Mapping[str, Any]], dict[str, Any]]


def all_tokens(table: Table, tenant_id: str, paging: Paging) -> dict[str, Any]:
    """Return a page of a tenant's tokens: those that are expired or revoked stay listed for 30 days."""
    of_tenant = Range(indexes.LISTED_BY_ID, keys.listed(tenant_id, "token"))
    return _page(table, of_tenant, paging, lambda row: present.token(tokens.from_item(row)))


def all_projects(table: Table, tenant_id: str, paging: Paging) -> dict[str, Any]:
    """Return a page of a tenant's projects."""
    of_tenant = Range(indexes.TABLE, *keys.project(tenant_id, ""))
    return _page(table, of_tenant, paging, lambda row: present.project(tenants.project_from(row)))


def all_members(table: Table, tenant_id: str, asked: ListMembers) -> dict[str, Any]:
    """Return a page of the tenant's actors by id: of all, of people, or of agents."""
    wanted = Filter()
    if asked.kind:
        wanted.add(filters.any_of("kind", [asked.kind]))
    of_tenant = Range(indexes.TABLE, *keys.actor(tenant_id, ""))
    fingerprint = lists.fingerprint("members", tenant_id, asked.kind)
    after = lists.from_cursor(asked.cursor, fingerprint)
    page = lists.read_page(table, [of_tenant], limit=asked.limit, after=after, descending=False, row_filter=wanted)
    items = [present.member(tenants.member_from(row)) for row in page.items]
    return {"items": items, "nextCursor": lists.to_cursor(page.position, fingerprint)}


def all_tenants(table: Table, paging: Paging) -> dict[str, Any]:
    """Return a page of all tenants, for the operator alone."""
    everywhere = Range(indexes.LISTED_BY_ID, keys.TENANTS)
    return _page(table, everywhere, paging, lambda row: present.tenant(tenants.tenant_from(row)))


def _page(table: Table, range_: Range, paging: Paging, show: Show) -> dict[str, Any]:
    rows, cursor = lists.newest_first(table, range_, paging.limit, paging.cursor)
    return {"items": [show(row) for row in rows], "nextCursor": cursor}
