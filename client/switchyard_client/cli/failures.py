"""How a command ends: the exit statuses, and what is said on standard error. They are part of the contract."""

from enum import IntEnum
from typing import Any

from switchyard_client.errors import Refused


class Exit(IntEnum):
    """Exit statuses; scripts may rely on them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    NOT_ALLOWED = 4
    NOT_FOUND = 5
    CONFLICT = 6
    NOTHING = 7
    PARTLY = 8
    INTERRUPTED = 130
    PIPE_CLOSED = 141


#: What each status means, for documents and `prime`.
MEANINGS = {
    Exit.DONE: "done",
    Exit.FAILED: "refused, or failed",
    Exit.USAGE: "wrong usage, settings or file",
    Exit.UNREACHABLE: "the service does not answer",
    Exit.NOT_ALLOWED: "the token is not valid, or lacks a scope",
    Exit.NOT_FOUND: "no such track, run or file",
    Exit.CONFLICT: "blocked, leased by another, or changed meanwhile",
    Exit.NOTHING: "nothing is ready to be claimed",
    Exit.PARTLY: "imported, or would be, but for what was told",
    Exit.INTERRUPTED: "interrupted",
    Exit.PIPE_CLOSED: "who read the output has gone",
}

_OF_STATUS = {
    401: Exit.NOT_ALLOWED,
    403: Exit.NOT_ALLOWED,
    404: Exit.NOT_FOUND,
    409: Exit.CONFLICT,
    412: Exit.CONFLICT,
}


class Usage(Exception):
    """The command cannot be carried out as given: settings, arguments or a file are wrong."""


class Ended(Exception):
    """The command ends with a status other than 0, and has said why."""

    def __init__(self, status: Exit, said: str = "") -> None:
        super().__init__(said)
        self.status = status


def status_of(refusal: Refused) -> Exit:
    """Return the exit status for a refusal of the service."""
    return _OF_STATUS.get(refusal.status, Exit.FAILED)


def told(refusal: Refused) -> list[str]:
    """Return the lines that say what the service refused, with each field and what would be right."""
    lines = [refusal.detail]
    body = refusal.body if isinstance(refusal.body, dict) else {}
    for each in _fields(body)[:20]:
        wanted = f" (expected: {each['expected']})" if each.get("expected") else ""
        lines.append(f"  {each.get('field')}: {each.get('reason') or each.get('message')}{wanted}")
    if isinstance(body.get("cycle"), list):
        lines.append("  cycle: " + " -> ".join(map(str, body["cycle"])))
    if refusal.status == 403:
        lines.append("  an administrator can issue a token with that scope")
    if refusal.status == 401:
        lines.append("  sign in again: switchyard login")
    return lines


def _fields(body: dict[str, Any]) -> list[dict[str, Any]]:
    error = body.get("error")
    found = body.get("errors") or (error.get("field_errors") if isinstance(error, dict) else None)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
