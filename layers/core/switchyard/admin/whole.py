"""A tenant as a whole: all its rows, in pages that a later run goes on from.

No index has all rows of a tenant, so the table is read through: 1 read unit for each 8 KB of all tenants, 0.13 USD for
8 GB. https://aws.amazon.com/dynamodb/pricing/on-demand/
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from switchyard.domain.errors import NotFound
from switchyard.http.validation import checked, read_id
from switchyard.pipeline import rebuild as rebuilding
from switchyard.store import tenants
from switchyard.store.table import Item, Table

#: Rows that a page of the table has at most, seen or not: DynamoDB ends it at 1 MB in any case.
PAGE = 1_000
#: Milliseconds for one page and what follows from it.
_PAGE_MILLISECONDS = 60_000


class Whole:
    """All rows of one tenant. Raises Invalid for what is no id, NotFound for a tenant that there is not."""

    def __init__(self, table: Table, tenant_id: str, must_exist: bool = True) -> None:
        self.table = table
        self.tenant = checked("tenant id", read_id, tenant_id)
        table.give(_PAGE_MILLISECONDS)
        if must_exist and tenants.find_tenant(table, self.tenant) is None:
            raise NotFound(f"There is no tenant with the id {self.tenant}.")

    def pages(self, start: Item | None = None) -> Iterator[tuple[list[Item], Item | None]]:
        """Read the tenant's rows page by page, each with where the next one begins (None: none)."""
        while True:
            self.table.give(_PAGE_MILLISECONDS)
            found, start = self._page(start)
            yield found, start
            if start is None:
                return

    def _page(self, start: Item | None) -> tuple[list[Item], Item | None]:
        more: dict[str, Any] = {"ExclusiveStartKey": start} if start else {}
        answer = self.table.call(
            "scan",
            TableName=self.table.name,
            Limit=PAGE,
            ConsistentRead=True,
            FilterExpression="begins_with(pk, :own) OR begins_with(pk, :audit) OR tenant_id = :tenant",
            ExpressionAttributeValues={
                ":own": {"S": self.tenant},
                ":audit": {"S": f"AUDIT#{self.tenant}#"},
                ":tenant": {"S": self.tenant},
            },
            **more,
        )
        return answer["Items"], answer.get("LastEvaluatedKey")

    def rebuild(self, start: Item | None = None, most_pages: int = 1_000_000) -> dict[str, Any]:
        """Compute what is derived anew; returns how many rows of each kind, and where to go on (None: done)."""
        counts: Counter[str] = Counter()
        for number, (found, following) in enumerate(self.pages(start), 1):
            for row in found:
                self.table.give(_PAGE_MILLISECONDS)
                kind = rebuilding.rebuild(self.table, row)
                if kind:
                    counts[kind] += 1
            start = following
            if number >= most_pages:
                break
        return {"counts": dict(counts), "next": start}

    def counts(self) -> dict[str, int]:
        """Count the tenant's rows by kind: what their sort keys begin with."""
        found: Counter[str] = Counter()
        for rows, _ in self.pages():
            found.update(kind_of(row) for row in rows)
        return dict(sorted(found.items()))


def kind_of(row: Item) -> str:
    """Return what a row is, as the beginning of its keys tells."""
    if row["pk"]["S"].startswith("AUDIT#"):
        return "AUDIT"
    return row["sk"]["S"].partition("#")[0] if "#" in row["sk"]["S"] else _plain(row["sk"]["S"])


def _plain(sort: str) -> str:
    """Sort keys that are ids or digests (appends to logs, idempotency keys) are all of one kind."""
    return sort if sort.isupper() else "OTHER"
