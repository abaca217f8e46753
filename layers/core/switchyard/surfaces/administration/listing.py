"""The lists of the administration surface, newest first."""

from collections.abc import Callable, Mapping
from typing import Any

from switchyard.store import indexes, keys, lists, tenants, tokens
from switchyard.store.lists import Range
from switchyard.store.table import Table
from switchyard.surfaces.administration import present
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


def all_tenants(table: Table, paging: Paging) -> dict[str, Any]:
    """Return a page of all tenants, for the operator alone."""
    everywhere = Range(indexes.LISTED_BY_ID, keys.TENANTS)
    return _page(table, everywhere, paging, lambda row: present.tenant(tenants.tenant_from(row)))


def _page(table: Table, range_: Range, paging: Paging, show: Show) -> dict[str, Any]:
    rows, cursor = lists.newest_first(table, range_, paging.limit, paging.cursor)
    return {"items": [show(row) for row in rows], "nextCursor": cursor}
