"""Administration of tenants, projects and tokens, as a class."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from switchyard.aws.clients import adopt
from switchyard.domain.actors import SCOPES, Actor, ActorKind
from switchyard.domain.errors import Busy, FieldError, Invalid, NotFound
from switchyard.domain.ids import new_id
from switchyard.domain.tenants import AutoRun, Tenant, UnknownProjects
from switchyard.http.models import Wire
from switchyard.http.parsing import parse_body, parse_values
from switchyard.http.validation import checked, read_id
from switchyard.ledger import administration, oidc, sessions
from switchyard.ledger.unit import Stale, Unit
from switchyard.store import contention, migration, tenants
from switchyard.store.table import Table
from switchyard.surfaces.administration import listing, present
from switchyard.surfaces.administration.changes import wanted_settings
from switchyard.surfaces.administration.models import (
    ActorFields,
    CreateProject,
    CreateTenant,
    CreateToken,
    UpdateTenant,
)
from switchyard.surfaces.inputs import Paging

#: Seconds that a command takes at most, and waits at most before it decides again.
SECONDS_MAX, _PAUSE = 30, 0.05


class Admin:
    """Administration of every tenant of one table; `client` is a DynamoDB client of boto3 or botocore.

    What is given is checked as in the HTTP endpoints: raises Invalid (with the wire's field names), NotFound for
    an unknown tenant or token, Conflict, and Busy when the database does not answer in time.
    """

    def __init__(self, table_name: str, client: Any) -> None:
        self.table = Table(table_name, adopt(client))

    def create_tenant(self, name: str) -> str:
        """Create a tenant; returns its id."""
        body = _checked(CreateTenant, {"name": name})
        return self._commit(new_id(), lambda unit: administration.create_tenant(unit, body.name)).id

    def get_tenant(self, tenant_id: str) -> dict[str, Any]:
        """Return a tenant with its settings: id, name, createdAt, autoRun, unknownProjects."""
        return present.settings(self._known(tenant_id))

    def update_tenant(
        self, tenant_id: str, auto_run: AutoRun | None = None, unknown_projects: UnknownProjects | None = None
    ) -> dict[str, Any]:
        """Change the settings of a tenant, None: as it is; returns it as `get_tenant` does."""
        given = {"autoRun": auto_run, "unknownProjects": unknown_projects}
        body = _checked(UpdateTenant, {name: value for name, value in given.items() if value is not None})
        wanted = wanted_settings(body)
        return present.settings(self._commit(tenant_id, lambda unit: administration.change_tenant(unit, wanted)))

    def create_project(self, tenant_id: str, name: str) -> dict[str, Any]:
        """Create a project; returns id, number, name, createdAt, createdBy."""
        body = _checked(CreateProject, {"name": name})
        return present.project(self._commit(tenant_id, lambda unit: administration.create_project(unit, body.name)))

    def issue_token(
        self,
        tenant_id: str,
        actor_id: str,
        kind: ActorKind = "user",
        scopes: Sequence[str] = (),
        expires_at: str | None = None,
        name: str = "",
    ) -> dict[str, Any]:
        """Issue a token for an actor; returns what a list shows of it, and its secret as `token`, this once.

        `expires_at` is an ISO 8601 time or a duration (`90d`), None for no end; `name` is the actor's display name.
        """
        actor = {"id": actor_id, "kind": kind} | ({"name": name} if name else {})
        values = {"actor": actor, "scopes": list(scopes)} | ({"expiresAt": expires_at} if expires_at else {})
        body = _checked(CreateToken, values)
        row, secret = self._commit(
            tenant_id,
            lambda unit: administration.issue_token(unit, actor_id, kind, body.scopes, body.expires_at, name),
        )
        return {**present.token(row), "token": secret}

    def sign_in_link(
        self, tenant_id: str, actor_id: str, role: str = "member", minutes: int = 15, name: str = ""
    ) -> dict[str, str]:
        """Make a link that signs a person in to the console, once; returns its path and until when it counts."""
        actor = _checked(ActorFields, {"id": actor_id} | ({"name": name} if name else {}))
        link, code = self._commit(
            tenant_id, lambda unit: sessions.issue_link(unit, actor.id, role, minutes, actor.name or "")
        )
        return {"path": f"/console/sign-in#code={code}", "validUntil": link.valid_until}

    def invite(self, tenant_id: str, email: str, role: str = "member", actor_id: str = "") -> dict[str, str]:
        """Let an e-mail address sign in by OpenID Connect, as an actor (default: named as the address) with a role."""
        actor = _checked(ActorFields, {"id": actor_id}).id if actor_id else ""
        made = self._commit(tenant_id, lambda unit: oidc.invite(unit, email, role, actor))
        return {"email": made.email, "actor": made.actor_id, "role": made.role}

    def allow_domain(self, tenant_id: str, domain: str, role: str = "member") -> dict[str, str]:
        """Let all verified addresses of a domain sign in by OpenID Connect, with a role."""
        made = self._commit(tenant_id, lambda unit: oidc.allow_domain(unit, domain, role))
        return {"domain": made.domain, "role": made.role}

    def mail_address(self, tenant_id: str, actor_id: str, email: str) -> dict[str, str]:
        """Have a person mailed at an address that the operator knows to be theirs."""
        given = self._commit(tenant_id, lambda unit: oidc.give_address(unit, actor_id, email))
        return {"actor": actor_id, "email": given}

    def withdraw(self, tenant_id: str, address_or_domain: str) -> None:
        """Let an address or a domain sign in no more; sessions that are there go on until they end."""
        self._commit(tenant_id, lambda unit: oidc.withdraw(unit, address_or_domain))

    def revoke_token(self, tenant_id: str, token_id: str) -> None:
        """Revoke a token; it opens nothing any more within 30 seconds."""
        found = checked("token id", read_id, token_id)
        self._commit(tenant_id, lambda unit: administration.revoke_token(unit, found))

    def list_tokens(self, tenant_id: str, limit: int = 50, cursor: str | None = None) -> dict[str, Any]:
        """Return a page of tokens, newest first: `items` and `nextCursor`."""
        return listing.all_tokens(self.table, self._known(tenant_id).id, _paging(limit, cursor))

    def list_projects(self, tenant_id: str, limit: int = 50, cursor: str | None = None) -> dict[str, Any]:
        """Return a page of projects, newest first: `items` and `nextCursor`."""
        return listing.all_projects(self.table, self._known(tenant_id).id, _paging(limit, cursor))

    def list_tenants(self, limit: int = 50, cursor: str | None = None) -> dict[str, Any]:
        """Return a page of tenants, newest first: `items` and `nextCursor`."""
        self._reset_deadline()
        return listing.all_tenants(self.table, _paging(limit, cursor))

    def migrate(self, units: int = 100) -> dict[str, int]:
        """Bring rows of an earlier version to this one's form; returns how many were seen and changed."""
        if units < 1:
            raise Invalid(FieldError("units", f"is {units}", "1 or more a second", "range"))
        self._reset_deadline()
        return migration.migrate(self.table, units=units)

    def _commit[T](self, tenant_id: str, work: Callable[[Unit], T]) -> T:
        """Do the work as one write, again when someone else drew the same number meanwhile."""
        tenant = checked("tenant id", read_id, tenant_id)
        operator = Actor(tenant, "operator", "user", frozenset(SCOPES), "", source="admin")
        self._reset_deadline()
        for _ in contention.until(self.table.deadline - 1, _PAUSE, _PAUSE):
            unit = Unit(self.table, operator, new_id())
            try:
                result = work(unit)
                unit.commit(200, {}, "")
            except Stale:
                continue
            return result
        raise Busy("Too many changes of this tenant at once: try again in a second.")

    def _known(self, tenant_id: str) -> Tenant:
        self._reset_deadline()
        wanted = checked("tenant id", read_id, tenant_id)
        found = tenants.find_tenant(self.table, wanted)
        if found is None:
            raise NotFound(f"There is no tenant with the id {wanted}.")
        return found

    def _reset_deadline(self) -> None:
        self.table.give(int(SECONDS_MAX * 1_000))


def _checked[M: Wire](model: type[M], values: dict[str, Any]) -> M:
    return parse_body(model, json.dumps(values).encode())


def _paging(limit: int, cursor: str | None) -> Paging:
    return parse_values(Paging, {"limit": limit} | ({"cursor": cursor} if cursor else {}), "query")
