"""The operator's side: tenants, projects and tokens from outside, as a class and as a command line.

    python -m switchyard.admin create-tenant "Acme"
    python -m switchyard.admin issue-token TENANT_ID user_ada --scope tasks:read --expires 90d

The table is the one of --table, of the environment variable TABLE_NAME, or of the CloudFormation stack of --stack;
the account is that of the AWS environment (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL for a local stack).
Exit status: 0 done, 1 refused, 2 wrong usage, 3 AWS could not be reached or refused.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from switchyard import admin_lines
from switchyard.aws.clients import adopt, make_client
from switchyard.aws.errors import ApiError, AwsError
from switchyard.domain.actors import EMPTY_SCOPES, SCOPES, Actor, ActorKind
from switchyard.domain.errors import Busy, Invalid, NotFound, SwitchyardError
from switchyard.domain.ids import new_id
from switchyard.domain.tenants import AUTO_RUNS, AutoRun, Tenant
from switchyard.http.models import Wire
from switchyard.http.parsing import parse_body, parse_values
from switchyard.http.validation import checked, read_id
from switchyard.ledger import administration
from switchyard.ledger.unit import Stale, Unit
from switchyard.store import contention, tenants
from switchyard.store.table import Table
from switchyard.surfaces.administration import listing, present
from switchyard.surfaces.administration.models import CreateProject, CreateTenant, CreateToken, Paging, UpdateTenant

STACK = "switchyard"
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
        """Return a tenant with its settings: id, name, createdAt, autoRun."""
        return present.settings(self._known(tenant_id))

    def update_tenant(self, tenant_id: str, auto_run: AutoRun | None = None) -> dict[str, Any]:
        """Change the settings of a tenant, None: as it is; returns it as `get_tenant` does."""
        body = _checked(UpdateTenant, {} if auto_run is None else {"autoRun": auto_run})
        return present.settings(self._commit(tenant_id, lambda unit: administration.change_tenant(unit, body.auto_run)))

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
        self._wind_up()
        return listing.all_tenants(self.table, _paging(limit, cursor))

    def _commit[T](self, tenant_id: str, work: Callable[[Unit], T]) -> T:
        """Do the work as one write, again when someone else drew the same number meanwhile."""
        tenant = checked("tenant id", read_id, tenant_id)
        operator = Actor(tenant, "operator", "user", frozenset(SCOPES), "", source="admin")
        self._wind_up()
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
        self._wind_up()
        wanted = checked("tenant id", read_id, tenant_id)
        found = tenants.find_tenant(self.table, wanted)
        if found is None:
            raise NotFound(f"There is no tenant with the id {wanted}.")
        return found

    def _wind_up(self) -> None:
        self.table.deadline = time.monotonic() + SECONDS_MAX


def _checked[M: Wire](model: type[M], values: dict[str, Any]) -> M:
    return parse_body(model, json.dumps(values).encode())


def _paging(limit: int, cursor: str | None) -> Paging:
    return parse_values(Paging, {"limit": limit} | ({"cursor": cursor} if cursor else {}), "query")


# ---------------------------------------------------------------- command line


class _NoTable(Exception):
    """The table could not be found; the text says what to try."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        admin = Admin(_table_name(options), make_client("dynamodb"))
        answer = options.run(admin, options)
    except Invalid as refusal:
        expected = refusal.fields[0].expected
        return _fail(refusal.detail, f"give {expected}" if expected else "", 1)
    except SwitchyardError as refusal:
        return _fail(refusal.detail, _NEXT.get(type(refusal), ""), 1)
    except _NoTable as problem:
        return _fail(str(problem), "name the table with --table, TABLE_NAME or --stack", 3)
    except ApiError as error:
        if error.code == "ResourceNotFoundException":
            return _fail("there is no such table", "check --table, the region and AWS_ENDPOINT_URL", 3)
        return _fail(f"AWS refused: {error}", "check the credentials and what they are allowed to do", 3)
    except AwsError as error:
        return _fail(str(error), "set AWS_PROFILE and AWS_REGION (and AWS_ENDPOINT_URL for a local stack)", 3)
    print(json.dumps(answer, indent=2, ensure_ascii=False) if options.json else options.show(answer))
    return 0


_NEXT = {
    Busy: "check that AWS_ENDPOINT_URL or the region is reachable",
    NotFound: "list-tenants and list-tokens show the ids there are",
}


def _fail(problem: str, following: str, status: int) -> int:
    print(f"error: {problem}", file=sys.stderr)
    if following:
        print(f"  next: {following}", file=sys.stderr)
    return status


def _table_name(options: argparse.Namespace) -> str:
    if options.table:
        return options.table
    if not options.stack and "TABLE_NAME" in os.environ:
        return os.environ["TABLE_NAME"]
    stack = options.stack or STACK
    try:
        (found,) = make_client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except ApiError as error:
        if error.code != "ValidationError":
            raise
        raise _NoTable(f"there is no CloudFormation stack {stack!r} in this account and region") from None
    for output in found.get("Outputs", ()):
        if output["OutputKey"] == "TableName":
            return output["OutputValue"]
    raise _NoTable(f"the CloudFormation stack {stack!r} has no output TableName")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m switchyard.admin", description="Tenants, projects and tokens.")
    parser.add_argument("--table", help="the DynamoDB table (default: TABLE_NAME, else the stack's)")
    parser.add_argument("--stack", help=f"the CloudFormation stack that has the table (default: {STACK})")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, help_: str, run: Callable[..., Any], show: Callable[[Any], str]) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help_, description=help_)
        made.set_defaults(run=run, show=show)
        if name not in ("create-tenant", "list-tenants"):
            made.add_argument("tenant", help="the tenant's id")
        return made

    made = command("create-tenant", "Create a tenant.", _create_tenant, lambda answer: answer["id"])
    made.add_argument("name")

    made = command("list-tenants", "List the tenants.", _list_tenants, admin_lines.tenants)
    _add_paging(made)

    command("get-tenant", "Show a tenant.", lambda admin, o: admin.get_tenant(o.tenant), admin_lines.settings)

    made = command(
        "update-tenant",
        "Change a tenant's settings.",
        lambda admin, o: admin.update_tenant(o.tenant, o.auto_run),
        admin_lines.settings,
    )
    made.add_argument("--auto-run", choices=AUTO_RUNS, help="the ready tasks that get a run by themselves")

    made = command(
        "create-project",
        "Create a project in a tenant.",
        lambda admin, o: admin.create_project(o.tenant, o.name),
        admin_lines.project,
    )
    made.add_argument("name")

    made = command(
        "list-projects",
        "List a tenant's projects.",
        lambda admin, o: admin.list_projects(o.tenant, **_page_of(o)),
        admin_lines.projects,
    )
    _add_paging(made)

    made = command("issue-token", "Issue a token; its secret is printed this once.", _issue_token, admin_lines.issued)
    made.add_argument("actor", help="whose token it is, such as user_ada or agent_builder")
    made.add_argument("--kind", choices=("user", "agent"), default="user")
    made.add_argument(
        "--scope", action="append", required=True, choices=[*SCOPES, *EMPTY_SCOPES], help="repeat for several"
    )
    made.add_argument("--expires", metavar="WHEN", help="an ISO 8601 time or a duration: 12h, 90d (default: never)")
    made.add_argument("--name", default="", help="the actor's display name")

    made = command(
        "list-tokens",
        "List a tenant's tokens, never their secrets.",
        lambda admin, o: admin.list_tokens(o.tenant, **_page_of(o)),
        admin_lines.tokens,
    )
    _add_paging(made)

    made = command("revoke-token", "Revoke a token by its id.", _revoke_token, admin_lines.revoked)
    made.add_argument("token", help="the token's id (not its secret)")
    return parser


def _add_paging(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=int, default=50, help="1 to 100 (default 50)")
    parser.add_argument("--cursor", help="continue where the last page ended")


def _page_of(options: argparse.Namespace) -> dict[str, Any]:
    return {"limit": options.limit, "cursor": options.cursor}


def _create_tenant(admin: Admin, options: argparse.Namespace) -> dict[str, Any]:
    return {"id": admin.create_tenant(options.name)}


def _list_tenants(admin: Admin, options: argparse.Namespace) -> dict[str, Any]:
    return admin.list_tenants(**_page_of(options))


def _issue_token(admin: Admin, options: argparse.Namespace) -> dict[str, Any]:
    return admin.issue_token(options.tenant, options.actor, options.kind, options.scope, options.expires, options.name)


def _revoke_token(admin: Admin, options: argparse.Namespace) -> dict[str, Any]:
    admin.revoke_token(options.tenant, options.token)
    return {"id": options.token, "status": "revoked"}


if __name__ == "__main__":
    sys.exit(main())
