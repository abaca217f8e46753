"""A tenant's own rows: itself, its projects and its actors. Small numbers are drawn from the tenant's row.

A number is drawn in the transaction that gives it out: the counter must still stand where it was read, so that two
who draw at once cannot get the same one, and a refused write burns none.
"""

from collections.abc import Mapping
from typing import Any, Literal

from switchyard.domain.tenants import Member, Project, Tenant
from switchyard.store import keys
from switchyard.store.table import Item, Table

# ---------------------------------------------------------------- tenants


def put_tenant(tenant: Tenant) -> Item:
    """The action that creates a tenant."""
    pk, sk = keys.tenant(tenant.id)
    return _new(
        {
            "pk": {"S": pk},
            "sk": {"S": sk},
            "list": {"S": keys.TENANTS},
            "id": {"S": tenant.id},
            "name": {"S": tenant.name},
            "created_at": {"S": tenant.created_at},
            "next_project": {"N": str(tenant.next_project)},
            "next_actor": {"N": str(tenant.next_actor)},
        }
    )


def tenant_from(item: Mapping[str, Any]) -> Tenant:
    return Tenant(
        item["id"]["S"],
        item["name"]["S"],
        item["created_at"]["S"],
        int(item["next_project"]["N"]),
        int(item["next_actor"]["N"]),
    )


def find_tenant(table: Table, tenant_id: str) -> Tenant | None:
    """Read a tenant: 1 round trip."""
    item = table.get(*keys.tenant(tenant_id))
    return tenant_from(item) if item else None


def draw(tenant: Tenant, counter: Literal["next_project", "next_actor"]) -> Item:
    """The action that takes the next number of a tenant that was read."""
    pk, sk = keys.tenant(tenant.id)
    was = getattr(tenant, counter)
    return {
        "Update": {
            "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
            "UpdateExpression": "SET #counter = :next",
            "ConditionExpression": "#counter = :was",
            "ExpressionAttributeNames": {"#counter": counter},
            "ExpressionAttributeValues": {":was": {"N": str(was)}, ":next": {"N": str(was + 1)}},
        }
    }


# ---------------------------------------------------------------- projects


def put_project(project: Project) -> list[Item]:
    """The actions that create a project, and the row that finds it by its number."""
    pk, sk = keys.project(project.tenant_id, project.id)
    row = {
        "pk": {"S": pk},
        "sk": {"S": sk},
        "list": {"S": keys.listed(project.tenant_id, "project")},
        "tenant_id": {"S": project.tenant_id},
        "id": {"S": project.id},
        "number": {"N": str(project.number)},
        "name": {"S": project.name},
        "created_at": {"S": project.created_at},
        "created_by": {"S": project.created_by},
    }
    pk, sk = keys.project_number(project.tenant_id, project.number)
    return [_new(row), _new({"pk": {"S": pk}, "sk": {"S": sk}, "project_id": {"S": project.id}})]


def project_from(item: Mapping[str, Any]) -> Project:
    return Project(
        item["tenant_id"]["S"],
        item["id"]["S"],
        int(item["number"]["N"]),
        item["name"]["S"],
        item["created_at"]["S"],
        item["created_by"]["S"],
    )


def next_number(counter: Mapping[str, Any] | None) -> int:
    """Return the number that a project's next task gets; the first is 0."""
    return int(counter["next_number"]["N"]) if counter else 0


def draw_number(tenant_id: str, project_id: str, number: int) -> Item:
    """The action that takes a number of a project: it must still be the next one."""
    pk, sk = keys.project_counter(tenant_id, project_id)
    return {
        "Update": {
            "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
            "UpdateExpression": "SET next_number = :next",
            "ConditionExpression": "next_number = :was" if number else "attribute_not_exists(next_number)",
            "ExpressionAttributeValues": {":next": {"N": str(number + 1)}}
            | ({":was": {"N": str(number)}} if number else {}),
        }
    }


# ---------------------------------------------------------------- actors


def put_member(member: Member) -> Item:
    """The action that makes an actor known to the tenant."""
    pk, sk = keys.actor(member.tenant_id, member.id)
    return _new(
        {
            "pk": {"S": pk},
            "sk": {"S": sk},
            "tenant_id": {"S": member.tenant_id},
            "id": {"S": member.id},
            "kind": {"S": member.kind},
            "name": {"S": member.name},
            "number": {"N": str(member.number)},
            "created_at": {"S": member.created_at},
        }
    )


def rename_member(member: Member, name: str) -> Item:
    """The action that gives a known actor another display name."""
    pk, sk = keys.actor(member.tenant_id, member.id)
    return {
        "Update": {
            "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
            "UpdateExpression": "SET #name = :name",
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeNames": {"#name": "name"},
            "ExpressionAttributeValues": {":name": {"S": name}},
        }
    }


def member_from(item: Mapping[str, Any]) -> Member:
    return Member(
        item["tenant_id"]["S"],
        item["id"]["S"],
        item["kind"]["S"],
        item["name"]["S"],
        int(item["number"]["N"]),
        item["created_at"]["S"],
    )


def find_tenant_and_member(table: Table, tenant_id: str, actor_id: str) -> tuple[Tenant | None, Member | None]:
    """Read a tenant, and one of its actors: 1 round trip."""
    tenant_key, actor_key = keys.tenant(tenant_id), keys.actor(tenant_id, actor_id)
    found = table.get_many([tenant_key, actor_key])
    tenant, member = found.get(tenant_key), found.get(actor_key)
    return tenant_from(tenant) if tenant else None, member_from(member) if member else None


def _new(item: Item) -> Item:
    return {"Put": {"Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}
