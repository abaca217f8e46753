"""The command line: each command with its arguments, and how its answer is shown."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from switchyard.admin import letter_commands, lines, restore_commands, whole_commands
from switchyard.admin.tenants import Admin
from switchyard.aws.clients import make_client
from switchyard.aws.errors import ApiError, AwsError
from switchyard.domain.actors import EMPTY_SCOPES, ROLES, SCOPES
from switchyard.domain.errors import Busy, Invalid, NotFound, SwitchyardError
from switchyard.domain.tenants import AUTO_RUNS, UNKNOWN_PROJECTS

STACK = "switchyard"


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
        if not name.startswith(("create-tenant", "list-tenants", "migrate")):
            made.add_argument("tenant", help="the tenant's id")
        return made

    made = command(
        "create-tenant", "Create a tenant.", lambda admin, o: {"id": admin.create_tenant(o.name)}, lines.tenant
    )
    made.add_argument("name")

    def listing(name: str, help_: str, read: Callable[..., Any], show: Callable[[Any], str]) -> None:
        made = command(name, help_, lambda admin, o: read(admin, o, limit=o.limit, cursor=o.cursor), show)
        made.add_argument("--limit", type=int, default=50, help="1 to 100 (default 50)")
        made.add_argument("--cursor", help="continue where the last page ended")

    listing("list-tenants", "List the tenants.", lambda admin, _, **page: admin.list_tenants(**page), lines.tenants)

    command("get-tenant", "Show a tenant.", lambda admin, o: admin.get_tenant(o.tenant), lines.settings)

    made = command(
        "update-tenant",
        "Change a tenant's settings.",
        lambda admin, o: admin.update_tenant(o.tenant, o.auto_run, o.unknown_projects),
        lines.settings,
    )
    made.add_argument("--auto-run", choices=AUTO_RUNS, help="the ready tasks that get a run by themselves")
    made.add_argument(
        "--unknown-projects", choices=UNKNOWN_PROJECTS, help="what becomes of tracks in projects that are not there"
    )

    made = command(
        "create-project",
        "Create a project in a tenant.",
        lambda admin, o: admin.create_project(o.tenant, o.name),
        lines.project,
    )
    made.add_argument("name")

    listing(
        "list-projects",
        "List a tenant's projects.",
        lambda admin, o, **page: admin.list_projects(o.tenant, **page),
        lines.projects,
    )

    made = command("issue-token", "Issue a token; its secret is printed this once.", _issue_token, lines.issued)
    made.add_argument("actor", help="whose token it is, such as user_ada or agent_builder")
    made.add_argument("--kind", choices=("user", "agent"), default="user")
    made.add_argument(
        "--scope", action="append", required=True, choices=[*SCOPES, *EMPTY_SCOPES], help="repeat for several"
    )
    made.add_argument("--expires", metavar="WHEN", help="an ISO 8601 time or a duration: 12h, 90d (default: never)")
    made.add_argument("--name", default="", help="the actor's display name")

    made = command("sign-in-link", "Make a link that signs a person in to the console, once.", _link, lines.link)
    made.add_argument("actor", help="who signs in, such as user_ada")
    made.add_argument("--role", choices=tuple(ROLES), default="member", help="what they may do (default: member)")
    made.add_argument("--minutes", type=int, default=15, help="how long the link counts (default 15, at most 1440)")
    made.add_argument("--name", default="", help="the person's display name")

    made = command("invite", "Let an e-mail address sign in by OpenID Connect.", _invite, lines.invited)
    made.add_argument("email", help="the address, which the issuer must have verified")
    made.add_argument("--actor", default="", help="who that is, such as user_ada (default: named as the address)")
    made.add_argument("--role", choices=tuple(ROLES), default="member", help="what they may do (default: member)")

    made = command("allow-domain", "Let all addresses of a domain sign in by OpenID Connect.", _domain, lines.invited)
    made.add_argument("domain", help="such as example.com")
    made.add_argument("--role", choices=tuple(ROLES), default="member", help="what they may do (default: member)")

    made = command("mail-address", "Mail a person at an address that is theirs.", _mail_address, lines.mailed)
    made.add_argument("actor", help="who that is, such as user_ada")
    made.add_argument("email", help="the address; signing in by OpenID Connect gives it by itself")

    made = command("withdraw", "Let an address or a domain sign in no more.", _withdraw, lines.withdrawn)
    made.add_argument("name", help="the address or the domain")

    listing(
        "list-tokens",
        "List a tenant's tokens, never their secrets.",
        lambda admin, o, **page: admin.list_tokens(o.tenant, **page),
        lines.tokens,
    )

    made = command("revoke-token", "Revoke a token by its id.", _revoke_token, lines.revoked)
    made.add_argument("token", help="the token's id (not its secret)")

    made = command(
        "migrate",
        "Bring rows of an earlier version to this one's form. It goes on where it was interrupted.",
        lambda admin, o: admin.migrate(o.units),
        lambda answer: f"{answer['changed']} of {answer['seen']} rows changed",
    )
    made.add_argument("--units", type=int, default=100, help="capacity units a second to take (default 100)")
    letter_commands.add(commands, lambda options: options.stack or STACK)
    restore_commands.add(commands)
    whole_commands.add(command)
    whole_commands.add_usage(command)
    whole_commands.add_moves(command, lambda options: options.stack or STACK)
    return parser


def _issue_token(admin: Admin, options: argparse.Namespace) -> dict[str, Any]:
    return admin.issue_token(options.tenant, options.actor, options.kind, options.scope, options.expires, options.name)


def _link(admin: Admin, options: argparse.Namespace) -> dict[str, str]:
    return admin.sign_in_link(options.tenant, options.actor, options.role, options.minutes, options.name)


def _invite(admin: Admin, options: argparse.Namespace) -> dict[str, str]:
    return admin.invite(options.tenant, options.email, options.role, options.actor)


def _domain(admin: Admin, options: argparse.Namespace) -> dict[str, str]:
    return admin.allow_domain(options.tenant, options.domain, options.role)


def _mail_address(admin: Admin, options: argparse.Namespace) -> dict[str, str]:
    return admin.mail_address(options.tenant, options.actor, options.email)


def _withdraw(admin: Admin, options: argparse.Namespace) -> dict[str, str]:
    admin.withdraw(options.tenant, options.name)
    return {"name": options.name, "status": "withdrawn"}


def _revoke_token(admin: Admin, options: argparse.Namespace) -> dict[str, Any]:
    admin.revoke_token(options.tenant, options.token)
    return {"id": options.token, "status": "revoked"}
