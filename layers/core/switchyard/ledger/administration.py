"""Tenants, projects, actors and tokens: the same functions behind the HTTP endpoints and the command line.

Each takes the unit of work whose actor asks for the change, and gathers it there; the commit is the caller's.
"""

from collections.abc import Iterable

from switchyard.domain import clock, tokens
from switchyard.domain.actors import EMPTY_SCOPES, Actor, ActorKind
from switchyard.domain.errors import Conflict, MissingScope, NotFound
from switchyard.domain.ids import new_id
from switchyard.domain.structs import replace
from switchyard.domain.tenants import Member, Project, Settings, Tenant
from switchyard.ledger.unit import Unit
from switchyard.store import import_keys, keys, tenants
from switchyard.store import tokens as token_rows
from switchyard.store.tokens import TokenRow


def create_tenant(unit: Unit, name: str) -> Tenant:
    """Gather a new tenant, whose id is that of the unit's actor."""
    tenant = Tenant(unit.actor.tenant_id, name, clock.now())
    unit.write(tenants.put_tenant(tenant))
    return tenant


def find_tenant(unit: Unit) -> Tenant:
    """Read the tenant of the unit's actor (1 read); raises NotFound."""
    return _required(tenants.find_tenant(unit.table, unit.actor.tenant_id), unit)


def change_tenant(unit: Unit, wanted: Settings) -> Tenant:
    """Gather a change of the tenant's settings (1 read), None: as it is; raises NotFound without such a tenant."""
    tenant = find_tenant(unit)
    changed = {name: value for name, value in vars(wanted).items() if value not in (None, getattr(tenant, name))}
    if changed:
        unit.write(tenants.set_settings(tenant.id, changed))
    return replace(tenant, **changed)


def create_project(unit: Unit, name: str) -> Project:
    """Gather a new project with the tenant's next number (2 reads).

    Raises NotFound without such a tenant, Conflict when another project has the name.
    """
    tenant = find_tenant(unit)
    _refuse_taken(unit, name)
    project = Project(tenant.id, new_id(), tenant.next_project, name, clock.now(), unit.actor.id)
    unit.write(tenants.draw(tenant, "next_project"), *tenants.put_project(project))
    return project


def find_project(unit: Unit, project_id: str) -> Project:
    """Read a project of the tenant: 1 read. Raises NotFound."""
    row = unit.row(keys.project(unit.actor.tenant_id, project_id))
    if row is None:
        raise NotFound(f"There is no project with the id {project_id}.")
    return tenants.project_from(row)


def change_project(unit: Unit, project_id: str, name: str | None, archived: bool | None) -> Project:
    """Gather another name of a project, and whether it is archived, None: as it is (1 to 2 reads).

    Raises NotFound, and Conflict when another project has the name.
    """
    before = after = find_project(unit, project_id)
    if name is not None and name != before.name:
        _refuse_taken(unit, name, before.id)
        after = replace(after, name=name)
    if archived is not None and archived != (before.archived_at is not None):
        after = replace(after, archived_at=clock.now() if archived else None)
    if after != before:
        unit.write(*tenants.change_project(before, after))
    return after


def _refuse_taken(unit: Unit, name: str, own: str | None = None) -> None:
    """Raise Conflict when another project has the name."""
    holder = tenants.named(unit.row(import_keys.project_name(unit.actor.tenant_id, name)))
    if holder not in (None, own):
        raise Conflict(f"The project {holder} has the name {name!r}: names are unique in a tenant.")


def issue_token(
    unit: Unit,
    actor_id: str,
    kind: ActorKind,
    scopes: Iterable[str],
    expires_at: str | None = None,
    name: str = "",
) -> tuple[TokenRow, str]:
    """Gather a token for an actor, who is made known if it is not yet (1 read); returns its row and its secret.

    `name` is the actor's display name; empty keeps the one it has. Raises MissingScope for a scope that the unit's
    actor does not hold itself, Conflict when the actor is known as the other kind, NotFound without such a tenant.
    """
    granted = frozenset(scopes)
    for scope in sorted(granted - unit.actor.scopes - EMPTY_SCOPES.keys()):
        raise MissingScope(scope, f"Your token lacks the scope {scope}, so it cannot grant it to another token.")
    tenant, member = upsert_member(unit, actor_id, kind, name)
    secret, token_id = tokens.new_token(tenant.id), new_id()
    actor = Actor(
        tenant.id, member.id, kind, granted, token_id, member.name, number=member.number, shards=tenant.shards
    )
    row = TokenRow(token_id, tokens.digest(secret), actor, clock.now(), expires_at, created_by=unit.actor.id)
    unit.write(*token_rows.put(row))
    return row, secret


def upsert_member(unit: Unit, actor_id: str, kind: ActorKind, name: str) -> tuple[Tenant, Member]:
    """Return the tenant and an actor of it, who is gathered when not known yet or known by another name (1 read).

    Raises Conflict for one that is known as the other kind, NotFound without such a tenant.
    """
    tenant, known = tenants.find_tenant_and_member(unit.table, unit.actor.tenant_id, actor_id)
    tenant = _required(tenant, unit)
    if known is None:
        member = Member(tenant.id, actor_id, kind, name or actor_id, tenant.next_actor, clock.now())
        unit.write(tenants.draw(tenant, "next_actor"), tenants.put_member(member))
        return tenant, member
    if known.kind != kind:
        raise Conflict(f"{actor_id} is known as {known.kind} here and cannot be {kind} too: choose another id.")
    if name in ("", known.name):
        return tenant, known
    unit.write(tenants.rename_member(known, name))
    return tenant, replace(known, name=name)


def revoke_token(unit: Unit, token_id: str) -> None:
    """Gather the end of a token of the tenant (1 read); one that is revoked already stays so.

    Raises NotFound for an unknown token and for another tenant's.
    """
    digest = token_rows.find_digest(unit.table, unit.actor.tenant_id, token_id)
    if digest is None:
        raise NotFound(f"There is no token with the id {token_id}.")
    unit.write(*token_rows.revoke(unit.actor.tenant_id, token_id, digest, unit.actor.id))


def _required(tenant: Tenant | None, unit: Unit) -> Tenant:
    if tenant is None:
        raise NotFound(f"There is no tenant with the id {unit.actor.tenant_id}.")
    return tenant
