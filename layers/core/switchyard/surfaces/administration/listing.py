"""The lists of the administration surface, newest first."""

from collections.abc import Callable, Mapping
from typing import Any

from switchyard.store import indexes, keys, lists, tenants, tokens
from switchyard.store.table import Table
from switchyard.surfaces.administration import present
from switchyard.surfaces.administration.models import Paging

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
    print_ = lists.fingerprint(partition)
    page = lists.read_page(
        table,
        [lists.Range(indexes.LISTED_BY_ID, partition)],
        limit=paging.limit,
        after=lists.from_cursor(paging.cursor, print_),
    )
    return {"items": [show(row) for row in page.items], "nextCursor": lists.to_cursor(page.position, print_)}
