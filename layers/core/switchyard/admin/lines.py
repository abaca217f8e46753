"""What the operator's command line prints of an answer: a line for each item."""

from collections.abc import Callable
from typing import Any


def issued(answer: dict[str, Any]) -> str:
    """Return the secret, and what to do with it."""
    return f"{answer['token']}\nid {answer['id']}; keep the token now: it is not shown again"


def tenant(answer: dict[str, Any]) -> str:
    """Return a tenant's id."""
    return str(answer["id"])


def settings(answer: dict[str, Any]) -> str:
    """Return a tenant with its settings."""
    return f"{answer['id']}  {answer['name']}  autoRun={answer['autoRun']}  unknownProjects={answer['unknownProjects']}"


def tenants(answer: dict[str, Any]) -> str:
    """Return a page of tenants."""
    return _lines(answer, lambda each: f"{each['id']}  {each['name']}")


def project(answer: dict[str, Any]) -> str:
    """Return a project."""
    return f"{answer['number']}  {answer['id']}  {answer['name']}"


def projects(answer: dict[str, Any]) -> str:
    """Return a page of projects."""
    return _lines(answer, lambda each: f"{each['number']:>4}  {each['id']}  {each['name']}")


def tokens(answer: dict[str, Any]) -> str:
    """Return a page of tokens."""

    def line(each: dict[str, Any]) -> str:
        until = each["revokedAt"] or each["expiresAt"] or "no end"
        return f"{each['id']}  {each['status']:<7}  {until:<24}  {each['actor']['id']}  {','.join(each['scopes'])}"

    return _lines(answer, line)


def revoked(_: dict[str, Any]) -> str:
    """Say when a revoked token is refused."""
    return "revoked, within 30 s everywhere"


def _lines(answer: dict[str, Any], line: Callable[[dict[str, Any]], str]) -> str:
    more = [f"(more: --cursor {answer['nextCursor']})"] if answer["nextCursor"] else []
    return "\n".join([*map(line, answer["items"]), *more])


def link(answer: dict[str, Any]) -> str:
    """Return where to sign in: a path below the API's address."""
    return f"{answer['path']}\nbelow the API's address, once, until {answer['validUntil']}"


def invited(answer: dict[str, Any]) -> str:
    """Return who may sign in, and as whom."""
    who = answer.get("email") or answer["domain"]
    return f"{who} may sign in as {answer['role']}" + (f", {answer['actor']}" if "actor" in answer else "")


def withdrawn(answer: dict[str, Any]) -> str:
    """Return who may sign in no more."""
    return f"{answer['name']} may sign in no more"


def mailed(answer: dict[str, Any]) -> str:
    """Return who is mailed where."""
    return f"{answer['actor']} is mailed at {answer['email']}"
