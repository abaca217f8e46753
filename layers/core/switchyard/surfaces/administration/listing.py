"""The lists of the administration surface, newest first."""

from collections.abc import Callable, Mapping
from typing import Any

from switchyard.store import keys, lists, tenants, tokens
from switchyard.store.table import Table
from switchyard.surfaces.administration import present
from switchyard.surfaces.inputs import Paging

Show = Callable[[Mapping[str, Any]], dict[str, Any]]


def all_tokens(table: Table, tenant_id: str, paging: Paging) -> dict[str, Any]:
    """Return a page of a tenant's tokens: those that are expired or revoked stay listed for 30 days."""
    return _page(table, keys.listed(tenant_id, "token"), paging, lambda row: present.token(tokens.from_item(row)))


def all_projects(table: Table, tenant_id: str, paging: Paging) -> dict[str, Any]:
    """Return a page of a tenant's projects."""
    partition = keys.listed(tenant_id, "project")
    return _page(table, partition, paging, lambda row: present.project(tenants.project_from(row)))


def all_tenants(table: Table, paging: Paging) -> dict[str, Any]:
    """Return a page of all tenants, for the operator alone."""
    return _page(table, keys.TENANTS, paging, lambda row: present.tenant(tenants.tenant_from(row)))


def _page(table: Table, partition: str, paging: Paging, show: Show) -> dict[str, Any]:
    rows, cursor = lists.newest_first(table, partition, paging.limit, paging.cursor)
    return {"items": [show(row) for row in rows], "nextCursor": cursor}
