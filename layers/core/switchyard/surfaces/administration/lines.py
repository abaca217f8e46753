"""What the command line prints of its answers: a line for each."""

from collections.abc import Callable
from typing import Any


def issued(answer: dict[str, Any]) -> str:
    return f"{answer['token']}\nid {answer['id']}; keep the token now: it is not shown again"


def tenants(answer: dict[str, Any]) -> str:
    return _lines(answer, lambda each: f"{each['id']}  {each['name']}")


def projects(answer: dict[str, Any]) -> str:
    return _lines(answer, lambda each: f"{each['number']:>4}  {each['id']}  {each['name']}")


def tokens(answer: dict[str, Any]) -> str:
    def line(each: dict[str, Any]) -> str:
        until = each["revokedAt"] or each["expiresAt"] or "no end"
        return f"{each['id']}  {each['status']:<7}  {until:<24}  {each['actor']['id']}  {','.join(each['scopes'])}"

    return _lines(answer, line)


def _lines(answer: dict[str, Any], line: Callable[[dict[str, Any]], str]) -> str:
    more = [f"(more: --cursor {answer['nextCursor']})"] if answer["nextCursor"] else []
    return "\n".join([*map(line, answer["items"]), *more])
