"""A tenant's own rows: itself, its projects and its actors. Small numbers are drawn from the tenant's row.

A number is drawn in the transaction that gives it out: the counter must still be what was read, so that two
who draw at once cannot get the same one, and a refused write burns none.
"""

from collections.abc import Mapping
from typing import Any, Literal

from switchyard.domain.actors import Shards
from switchyard.domain.tenants import Member, Project, Tenant
from switchyard.domain.text import folded
from switchyard.store import import_keys, keys
from switchyard.store.codec import NEW, THERE, Codec, row_key
from switchyard.store.packing import SHARDS
from switchyard.store.table import Item, Table

# ---------------------------------------------------------------- tenants

TENANTS = Codec(
    Tenant,
    lambda tenant: keys.tenant(tenant.id),
    columns={"shards": SHARDS},
    index_keys=lambda _: {"list": keys.TENANTS},
)
tenant_from = TENANTS.from_item


def put_tenant(tenant: Tenant) -> Item:
    """The action that creates a tenant."""
    return TENANTS.put(tenant, NEW)


def find_tenant(table: Table, tenant_id: str) -> Tenant | None:
    """Read a tenant: 1 round trip."""
    item = table.get(*keys.tenant(tenant_id))
    return tenant_from(item) if item else None


def set_settings(tenant_id: str, values: Mapping[str, str]) -> Item:
    """The action that gives settings of a tenant (fields of Settings) these values; the others stay."""
    return {
        "Update": {
            "Key": row_key(keys.tenant(tenant_id)),
            "UpdateExpression": "SET " + ", ".join(f"{name} = :{name}" for name in values),
            **THERE,
            "ExpressionAttributeValues": {f":{name}": {"S": value} for name, value in values.items()},
        }
    }


def set_shards(tenant_id: str, was: Shards, now: Shards) -> Item:
    """The action that changes the shards of a tenant's lists, if they are still what was read."""
    old, new = SHARDS.write(was), SHARDS.write(now)
    values = {name: value for name, value in ((":was", old), (":now", new)) if value}
    update: Item = {
        "Key": row_key(keys.tenant(tenant_id)),
        "UpdateExpression": "SET shards = :now" if new else "REMOVE shards",
        "ConditionExpression": "shards = :was" if old else "attribute_exists(pk) AND attribute_not_exists(shards)",
    }
    return {"Update": update | ({"ExpressionAttributeValues": values} if values else {})}


def draw(tenant: Tenant, counter: Literal["next_project", "next_actor"]) -> Item:
    """The action that takes the next number of a tenant that was read."""
    was = getattr(tenant, counter)
    return {
        "Update": {
            "Key": row_key(keys.tenant(tenant.id)),
            "UpdateExpression": "SET #counter = :next",
            "ConditionExpression": "#counter = :was",
            "ExpressionAttributeNames": {"#counter": counter},
            "ExpressionAttributeValues": {":was": {"N": str(was)}, ":next": {"N": str(was + 1)}},
        }
    }


# ---------------------------------------------------------------- projects


PROJECTS = Codec(Project, lambda project: keys.project(project.tenant_id, project.id))
project_from = PROJECTS.from_item


def put_project(project: Project) -> list[Item]:
    """The actions that create a project, the row that finds it by its number, and the one that keeps its name."""
    pointer = row_key(keys.project_number(project.tenant_id, project.number)) | {"project_id": {"S": project.id}}
    return [PROJECTS.put(project, NEW), {"Put": {"Item": pointer, **NEW}}, _claim_name(project)]


def newest_projects(table: Table, tenant_id: str, limit: int) -> list[Project]:
    """Read the newest projects of a tenant: 1 round trip."""
    from switchyard.store import indexes, lists

    rows, _ = lists.newest_first(table, lists.Range(indexes.TABLE, *keys.project(tenant_id, "")), limit, None)
    return [project_from(row) for row in rows]


def named(row: Mapping[str, Any] | None) -> str | None:
    """Return the id of the project that has a name, by the name's row."""
    return row["project_id"]["S"] if row else None


def change_project(before: Project, after: Project) -> list[Item]:
    """The actions that change a project as it was read. A new name must be free; the old one becomes so."""
    actions = [PROJECTS.put(after, PROJECTS.unchanged(before, "name", "archived_at"))]
    if folded(before.name) != folded(after.name):
        # Projects of before names were kept have no row.
        own = {
            "ConditionExpression": "attribute_not_exists(pk) OR project_id = :own",
            "ExpressionAttributeValues": {":own": {"S": before.id}},
        }
        actions += [
            _claim_name(after),
            {"Delete": {"Key": row_key(import_keys.project_name(before.tenant_id, before.name)), **own}},
        ]
    return actions


def _claim_name(project: Project) -> Item:
    item = row_key(import_keys.project_name(project.tenant_id, project.name)) | {"project_id": {"S": project.id}}
    return {"Put": {"Item": item, **NEW}}


def next_number(counter: Mapping[str, Any] | None) -> int:
    """Return the number that a project's next task gets; the first is 0."""
    return int(counter["next_number"]["N"]) if counter else 0


def draw_number(tenant_id: str, project_id: str, number: int) -> Item:
    """The action that takes a number of a project: it must still be the next one."""
    return {
        "Update": {
            "Key": row_key(keys.project_counter(tenant_id, project_id)),
            "UpdateExpression": "SET next_number = :next",
            "ConditionExpression": "next_number = :was" if number else "attribute_not_exists(next_number)",
            "ExpressionAttributeValues": {":next": {"N": str(number + 1)}}
            | ({":was": {"N": str(number)}} if number else {}),
        }
    }


# ---------------------------------------------------------------- actors


MEMBERS = Codec(Member, lambda member: keys.actor(member.tenant_id, member.id))
member_from = MEMBERS.from_item


def put_member(member: Member) -> Item:
    """The action that makes an actor known to the tenant."""
    return MEMBERS.put(member, NEW)


def rename_member(member: Member, name: str) -> Item:
    """The action that gives a known actor another display name."""
    return {
        "Update": {
            "Key": row_key(keys.actor(member.tenant_id, member.id)),
            "UpdateExpression": "SET #name = :name",
            **THERE,
            "ExpressionAttributeNames": {"#name": "name"},
            "ExpressionAttributeValues": {":name": {"S": name}},
        }
    }


def find_tenant_and_member(table: Table, tenant_id: str, actor_id: str) -> tuple[Tenant | None, Member | None]:
    """Read a tenant, and one of its actors: 1 round trip."""
    tenant_key, actor_key = keys.tenant(tenant_id), keys.actor(tenant_id, actor_id)
    found = table.get_many([tenant_key, actor_key])
    tenant, member = found.get(tenant_key), found.get(actor_key)
    return tenant_from(tenant) if tenant else None, member_from(member) if member else None
